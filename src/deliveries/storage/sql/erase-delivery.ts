import type { Expression, ExpressionBuilder, Kysely, SqlBool } from 'kysely';
import { isRecord } from '../../../internal/is-record.js';
import { DELIVERY_STATES, isTerminal } from '../../domain/delivery-progress.js';
import type { Erasure } from '../stored-types.js';
import { IS_KEPT, IS_PENDING, IS_READABLE, type DeliveriesSchema, type DeliveriesKysely } from './deliveries-schema.js';

/**
 * Erases the personal data of a delivery, if it has ended and its handlers have completed its webhooks. Webhooks
 * that were set aside or cannot be read are erased too.
 */
export async function eraseDelivery(trx: DeliveriesKysely, deliveryId: string): Promise<Erasure> {
  const found = await trx.selectFrom('deliveries').select('state').where('id', '=', deliveryId).executeTakeFirst();
  const state = DELIVERY_STATES.find((known) => known === found?.state);
  if (state !== undefined && !isTerminal(state)) return { isErased: false, state };
  const { waiting } = await trx
    .selectFrom('delivery_events')
    .select((count) => count.fn.countAll<number | string>().as('waiting'))
    .where('delivery_id', '=', deliveryId)
    .where('source', '=', 'webhook')
    .where(IS_PENDING)
    .where(IS_READABLE)
    .executeTakeFirstOrThrow();
  if (Number(waiting) > 0) return { isErased: false, waiting: Number(waiting) };
  await trx.updateTable('deliveries').set({ request: null }).where('id', '=', deliveryId).execute();
  await eraseWebhooks(trx, deliveryId);
  // Errors of handlers may contain names of people.
  await trx.updateTable('delivery_events').set({ error: null }).where('delivery_id', '=', deliveryId).execute();
  return { isErased: true };
}

/** Deliveries that ended before a time (Unix ms), without deliveries that have webhooks waiting for handlers. */
export async function erasableDeliveries(
  db: Kysely<DeliveriesSchema>,
  endedBefore: number,
  limit: number,
): Promise<string[]> {
  const rows = await db
    .selectFrom('deliveries')
    .select('id')
    .where(IS_KEPT)
    .where('updated_at', '<', endedBefore)
    .where(hasNoWaitingWebhook)
    // The order of the index. Without it, PostgreSQL may read all deliveries when none can be erased.
    .orderBy('updated_at')
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}

type Delivery = ExpressionBuilder<DeliveriesSchema, 'deliveries'>;
type Event = ExpressionBuilder<DeliveriesSchema, 'delivery_events'>;

/** Excludes deliveries with waiting webhooks from the limited batch, so they do not block the others. */
function hasNoWaitingWebhook(delivery: Delivery): Expression<SqlBool> {
  const waiting = delivery
    .selectFrom('delivery_events')
    .select('delivery_events.id')
    .whereRef('delivery_events.delivery_id', '=', 'deliveries.id')
    .where('source', '=', 'webhook')
    .where(IS_PENDING)
    .where('delivery_events.unreadable_at', 'is', null);
  return delivery.not(delivery.exists(waiting));
}

/** The text for the row of a delivery's event; `null` if its delivery is erased. */
export function unlessErased(event: Event, text: string): Expression<string | null> {
  const erased = event
    .selectFrom('deliveries')
    .select('deliveries.id')
    .whereRef('deliveries.id', '=', 'delivery_events.delivery_id')
    .where('deliveries.request', 'is', null);
  return event
    .case()
    .when(event.exists(erased))
    .then(null)
    .else(event.cast<string>(event.val(text), 'text'))
    .end();
}

async function eraseWebhooks(trx: DeliveriesKysely, deliveryId: string): Promise<void> {
  const webhooks = await trx
    .selectFrom('delivery_events')
    .selectAll()
    .where('delivery_id', '=', deliveryId)
    .where('source', '=', 'webhook')
    .execute();
  for (const webhook of webhooks) {
    const { id, order_id: orderId } = webhook;
    const data = JSON.stringify(orderId === null ? {} : { order: { orderId } });
    await trx
      .updateTable('delivery_events')
      .set({
        payload: JSON.stringify({ ...factsOf(webhook), data }),
        dispatch: 'none',
        next_try_at: null,
        unreadable_at: null,
      })
      .where('id', '=', id)
      .execute();
  }
}

/** The facts of a webhook without its data. If the webhook cannot be read, the facts come from its columns. */
function factsOf(webhook: {
  payload: string;
  type: string;
  fingerprint: string | null;
  occurred_at: number;
  received_at: number;
}): Record<string, unknown> {
  try {
    const facts: unknown = JSON.parse(webhook.payload);
    if (isRecord(facts) && typeof facts.signedAt === 'number') return facts;
  } catch {
    // None of its contents is used.
  }
  const { type, fingerprint, occurred_at: signedAt, received_at: receivedAt } = webhook;
  return { eventType: type, fingerprint: fingerprint ?? '', signedAt, receivedAt, apiKey: '' };
}
