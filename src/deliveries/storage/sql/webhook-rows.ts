import { sql, type Expression, type ExpressionBuilder, type SelectQueryBuilder, type SqlBool } from 'kysely';
import { formerKeyOf } from '../../../webhooks/inbox/event-keys.js';
import type { NewWebhook, StoredWebhook } from '../inbox-storage.js';
import { IS_UNIDENTIFIED, IS_WAITING, type DeliveriesKysely, type DeliveriesSchema } from './deliveries-schema.js';
import type { DispatchOf } from './dispatch-columns.js';

/** The keys that identify a duplicate, and the time of receipt. */
interface Keys {
  readonly fingerprint: string;
  readonly repeatKey: string | undefined;
  readonly at: number;
}

/** @returns the id of the row; `undefined` if the webhook was stored before */
export async function storeWebhook(
  trx: DeliveriesKysely,
  webhook: NewWebhook,
  dispatchOf: DispatchOf,
): Promise<number | undefined> {
  const { account, facts, type, isWanted, applied, receivedAt: at } = webhook;
  const [fingerprint, repeatKey] = webhook.keys;
  const keys: Keys = { fingerprint, repeatKey, at };
  const { dispatch, next_try_at: nextTryAt } = dispatchOf({ source: 'webhook', type, isWanted, at });
  const row = trx.selectNoFrom([
    sql`${applied?.deliveryId ?? null}`.as('delivery_id'),
    sql`${account}`.as('account'),
    sql`'webhook'`.as('source'),
    sql`${type}`.as('type'),
    sql`${fingerprint}`.as('fingerprint'),
    sql`${repeatKey ?? null}`.as('repeat_key'),
    sql`${webhook.orderId ?? null}`.as('order_id'),
    sql`${facts.signedAt}`.as('occurred_at'),
    sql`${at}`.as('received_at'),
    sql`${JSON.stringify(facts)}`.as('payload'),
    sql`${applied ? at : null}`.as('applied_at'),
    sql`${dispatch}`.as('dispatch'),
    sql`${nextTryAt}`.as('next_try_at'),
  ]);
  const inserted = await trx
    .insertInto('delivery_events')
    .columns(WEBHOOK_COLUMNS)
    .expression(repeatKey === undefined ? row : row.where(wasNotStored(repeatKey, account)))
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst();
  if (!inserted) await rememberKeys(trx, keys);
  return inserted?.id;
}

/** The columns of a new webhook, in the order of its values. */
const WEBHOOK_COLUMNS = [
  'delivery_id',
  'account',
  'source',
  'type',
  'fingerprint',
  'repeat_key',
  'order_id',
  'occurred_at',
  'received_at',
  'payload',
  'applied_at',
  'dispatch',
  'next_try_at',
] as const;

/** Whether no earlier version has stored the webhook. Its keys did not contain the account. */
function wasNotStored(
  repeatKey: string,
  account: string,
): (where: ExpressionBuilder<DeliveriesSchema, never>) => Expression<SqlBool> {
  return (build) => {
    const former = build
      .selectFrom('delivery_events')
      .select('id')
      .where('repeat_key', '=', formerKeyOf(repeatKey))
      .where((where) => where.or([where('account', '=', account), where('source', '=', 'repetition')]));
    return build.not(build.exists(former));
  };
}

/** A duplicate with a new signature or a new id can be sent again itself, so its own keys are stored too. */
async function rememberKeys(trx: DeliveriesKysely, { fingerprint, repeatKey, at }: Keys): Promise<void> {
  const keys = [{ fingerprint }, ...(repeatKey === undefined ? [] : [{ repeat_key: repeatKey }])];
  for (const key of keys) {
    await trx
      .insertInto('delivery_events')
      .values({
        ...key,
        account: '',
        source: 'repetition',
        type: 'REPEATED',
        occurred_at: at,
        received_at: at,
        payload: '{}',
        applied_at: at,
        dispatch: 'none',
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

/** Selects a webhook if it is not yet applied. */
export function pendingWebhookQuery(
  trx: DeliveriesKysely,
  eventId: number,
): SelectQueryBuilder<DeliveriesSchema, 'delivery_events', { id: number }> {
  return trx.selectFrom('delivery_events').select('id').where('id', '=', eventId).where('applied_at', 'is', null);
}

/** Selects the webhooks of an order that are not yet applied, ordered by their signed time. */
export function pendingWebhooksQuery(
  trx: DeliveriesKysely,
  account: string,
  orderId: string,
): SelectQueryBuilder<DeliveriesSchema, 'delivery_events', StoredWebhook> {
  return trx
    .selectFrom('delivery_events')
    .select(['id', 'account', 'payload', 'received_at as receivedAt'])
    .where(IS_WAITING)
    .where('account', '=', account)
    .where('order_id', '=', orderId)
    .orderBy('occurred_at')
    .orderBy('id');
}

/** The orders of unmatched webhooks that were not read from Lalamove yet. */
export async function unidentifiedOrders(
  trx: DeliveriesKysely,
  account: string,
  receivedSince: number,
  limit: number,
): Promise<string[]> {
  const rows = await trx
    .selectFrom('delivery_events')
    .select('order_id')
    .where(IS_UNIDENTIFIED)
    .where('account', '=', account)
    .where('received_at', '>=', receivedSince)
    .orderBy('received_at')
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.flatMap(({ order_id: orderId }) => (orderId === null ? [] : [orderId]));
}

/** After an order was read, writes its quotation to its webhooks that are not yet applied. */
export async function identifyWebhooks(
  trx: DeliveriesKysely,
  account: string,
  orderId: string,
  quotationId: string,
): Promise<void> {
  await trx
    .updateTable('delivery_events')
    .set({ quotation_id: quotationId })
    .where(IS_WAITING)
    .where('account', '=', account)
    .where('order_id', '=', orderId)
    .execute();
}
