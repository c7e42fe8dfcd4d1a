import type { DeliveryEvent } from '../events/delivery-event.js';
import { duplicateOf } from '../domain/duplicates.js';
import { placed } from '../domain/transitions.js';
import { namedAgain } from '../domain/order-updates.js';
import { attemptOf, type KnownAttempt } from '../storage/sqlite/attempt-rows.js';
import type { DeliveryRecord } from '../storage/delivery-record.js';
import { IS_OF_READABLE_DELIVERY } from '../storage/sqlite/deliveries-schema.js';
import type { Decided, DeliveryStore } from '../storage/sqlite/delivery-store.js';
import type { DeliveriesTransaction } from '../storage/sqlite/group-commit.js';
import { orderOf, type OrderUpdate } from '../storage/webhook-updates.js';

/** What a webhook has done. */
export interface Effect {
  /** Whether it has taken its effect; else it goes on waiting for somebody to know its order. */
  readonly isTaken: boolean;
  /** The deliveries that have something to do, and when: Unix ms. */
  readonly wakes: readonly { readonly id: string; readonly at: number }[];
}

const A_DAY_MS = 24 * 3_600_000;

/** What webhooks do to deliveries, each in the transaction in which it is stored, or looked at again. */
export class WebhookEffects {
  constructor(
    private readonly store: DeliveryStore,
    private readonly now: () => number,
  ) {}

  /** The attempt whose order a webhook is about, or that its metadata name. */
  async attemptOf(trx: DeliveriesTransaction, account: string, update: OrderUpdate): Promise<KnownAttempt | undefined> {
    const orderId = orderOf(update.event);
    if (orderId === undefined) return undefined;
    const { attemptId } = update;
    const owner = await attemptOf(trx, account, { orderId });
    return owner ?? (attemptId === undefined ? undefined : attemptOf(trx, account, { attemptId }));
  }

  /** @param told what is to be announced once it is committed */
  async take(
    trx: DeliveriesTransaction,
    account: string,
    update: OrderUpdate,
    attempt: KnownAttempt | undefined,
    told: DeliveryEvent[],
  ): Promise<Effect> {
    const orderId = orderOf(update.event);
    if (orderId === undefined) return { isTaken: true, wakes: [] };
    if (!attempt) return this.#whoMayBeIt(trx, account);
    const { id, delivery_id: deliveryId, order_id: known } = attempt;
    if (known === null) {
      // The webhook has come before the answer to the order: it says which order it is.
      await this.store.changeIn(trx, deliveryId, (record) => placed(record, id, { orderId }, this.now()), { told });
    } else if (known !== orderId) {
      const receivedAt = Date.parse(update.event.receivedAt);
      const before = await this.store.byId(deliveryId, trx);
      const named = await this.store.changeIn(
        trx,
        deliveryId,
        (record) => namedAgain(record, { prevOrderId: known, orderId }, receivedAt, this.now()),
        { told },
      );
      // It was among those that arrived before their order was known, and took its effect with them.
      if (isFollowed(named.record, orderId) && before && !isFollowed(before, orderId)) return effectOf(named, true);
      // Whether it is a clone, a read will tell: the sweeper asks again.
      if (!(await this.#isKnown(trx, account, orderId))) return effectOf(named, false);
    }
    return effectOf(await this.#change(trx, account, update, { deliveryId, orderId }, told), true);
  }

  async #change(
    trx: DeliveriesTransaction,
    account: string,
    { event, apply }: OrderUpdate,
    { deliveryId, orderId }: { deliveryId: string; orderId: string },
    told: DeliveryEvent[],
  ): Promise<Decided> {
    const { store, now } = this;
    // Its clone may have become known, and may even have ended, before it was told of.
    const isKnownClone = event.eventType === 'ORDER_REPLACED' && (await this.#isKnown(trx, account, event.orderId));
    return store.changeIn(
      trx,
      deliveryId,
      (record) =>
        isKnownClone && !isFollowed(record, orderId) ? undefined : apply(record, store.policyOf(record), now()),
      { told },
    );
  }

  async #isKnown(trx: DeliveriesTransaction, account: string, orderId: string): Promise<boolean> {
    return (await attemptOf(trx, account, { orderId })) !== undefined;
  }

  /** Nobody knows the order: it may be that of an attempt whose outcome is unknown. */
  async #whoMayBeIt(trx: DeliveriesTransaction, account: string): Promise<Effect> {
    const at = this.now();
    // Whoever looks first finds out for all.
    const first = await trx
      .selectFrom('delivery_attempts')
      .select('delivery_id')
      .where('account', '=', account)
      // What was given up may turn up yet.
      .where('outcome', 'in', ['unknown', 'abandoned'])
      .where((where) => where.or([where('outcome', '=', 'unknown'), where('reserved_at', '>', at - A_DAY_MS)]))
      // One that cannot be read finds out nothing.
      .where(IS_OF_READABLE_DELIVERY)
      .orderBy('reserved_at')
      .limit(1)
      .executeTakeFirst();
    if (!first) return { isTaken: false, wakes: [] };
    await trx.updateTable('deliveries').set({ due_at: at }).where('id', '=', first.delivery_id).execute();
    return { isTaken: false, wakes: [{ id: first.delivery_id, at }] };
  }
}

/** Whether an order is one of the delivery's: the live one, or a duplicate. */
function isFollowed(record: DeliveryRecord, orderId: string): boolean {
  return record.progress.order?.orderId === orderId || duplicateOf(record, orderId) !== undefined;
}

/** Whether it is clear before anything is written that a webhook takes its effect at once. */
export function isClearly(update: OrderUpdate, attempt: KnownAttempt | undefined): boolean {
  const orderId = orderOf(update.event);
  return orderId === undefined || (attempt !== undefined && (attempt.order_id ?? orderId) === orderId);
}

function effectOf({ record: { id, dueAt } }: Decided, isTaken: boolean): Effect {
  return { isTaken, wakes: dueAt === undefined ? [] : [{ id, at: dueAt }] };
}
