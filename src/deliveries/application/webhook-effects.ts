import { duplicateOf } from '../domain/duplicates.js';
import { namedAgain } from '../domain/order-updates.js';
import { placed } from '../domain/transitions.js';
import type { DeliveryRecord } from '../storage/delivery-record.js';
import type { KnownAttempt } from '../storage/stored-types.js';
import type { Decided, DeliveryTransaction } from './delivery-transaction.js';
import type { DeliveryTransactions } from './delivery-transactions.js';
import { orderOf, type WebhookUpdate } from './webhook-updates.js';

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
    private readonly deliveries: Pick<DeliveryTransactions, 'policyOf'>,
    private readonly now: () => number,
  ) {}

  /** The attempt whose order a webhook is about, or that its metadata name. */
  async attemptOf(trx: DeliveryTransaction, account: string, update: WebhookUpdate): Promise<KnownAttempt | undefined> {
    const orderId = orderOf(update.event);
    if (orderId === undefined) return undefined;
    const { attemptId } = update;
    const owner = await trx.storage.attemptOf(account, { orderId });
    return owner ?? (attemptId === undefined ? undefined : trx.storage.attemptOf(account, { attemptId }));
  }

  /** Lets a webhook take its effect on the delivery of its order, if that is known. */
  async take(
    trx: DeliveryTransaction,
    account: string,
    update: WebhookUpdate,
    attempt: KnownAttempt | undefined,
  ): Promise<Effect> {
    const orderId = orderOf(update.event);
    if (orderId === undefined) return { isTaken: true, wakes: [] };
    if (!attempt) return this.#wakeSearcher(trx, account);
    const { id, deliveryId, orderId: known } = attempt;
    if (known === undefined) {
      // The webhook has come before the answer to the order: it says which order it is.
      await trx.change(deliveryId, (record) => placed(record, id, { orderId }, this.now()));
    } else if (known !== orderId) {
      const effect = await this.#nameAgain(trx, update, { deliveryId, account, known, orderId });
      if (effect) return effect;
    }
    return effectOf(await this.#apply(trx, account, update, { deliveryId, orderId }), true);
  }

  /**
   * A webhook names an attempt that has another order.
   *
   * @returns its effect; `undefined` if the webhook is to be applied besides
   */
  async #nameAgain(
    trx: DeliveryTransaction,
    { event }: WebhookUpdate,
    { deliveryId, account, known, orderId }: { deliveryId: string; account: string; known: string; orderId: string },
  ): Promise<Effect | undefined> {
    const receivedAt = Date.parse(event.receivedAt);
    const before = await trx.storage.lock(deliveryId);
    const named = await trx.change(deliveryId, (record) =>
      namedAgain(record, { prevOrderId: known, orderId }, receivedAt, this.now()),
    );
    // It was among those that arrived before their order was known, and took its effect with them.
    if (isFollowed(named.record, orderId) && before && !isFollowed(before, orderId)) return effectOf(named, true);
    // Whether it is a clone, a read will tell: the sweeper asks again.
    return (await isKnown(trx, account, orderId)) ? undefined : effectOf(named, false);
  }

  async #apply(
    trx: DeliveryTransaction,
    account: string,
    { event, apply }: WebhookUpdate,
    { deliveryId, orderId }: { deliveryId: string; orderId: string },
  ): Promise<Decided> {
    const { deliveries, now } = this;
    // Its clone may have become known, and may even have ended, before it was announced.
    const isKnownClone = event.eventType === 'ORDER_REPLACED' && (await isKnown(trx, account, event.orderId));
    return trx.change(deliveryId, (record) =>
      isKnownClone && !isFollowed(record, orderId) ? undefined : apply(record, deliveries.policyOf(record), now()),
    );
  }

  /** Nobody knows the order: it may be that of an attempt whose outcome is unknown. */
  async #wakeSearcher(trx: DeliveryTransaction, account: string): Promise<Effect> {
    const at = this.now();
    const id = await trx.storage.wakeSearcher(account, at, at - A_DAY_MS);
    return { isTaken: false, wakes: id === undefined ? [] : [{ id, at }] };
  }
}

async function isKnown(trx: DeliveryTransaction, account: string, orderId: string): Promise<boolean> {
  return (await trx.storage.attemptOf(account, { orderId })) !== undefined;
}

/** Whether an order is one of the delivery's: the live one, or a duplicate. */
function isFollowed(record: DeliveryRecord, orderId: string): boolean {
  return record.progress.order?.orderId === orderId || duplicateOf(record, orderId) !== undefined;
}

/** Whether it is clear before anything is written that a webhook takes its effect at once. */
export function isClearly(update: WebhookUpdate, attempt: KnownAttempt | undefined): boolean {
  const orderId = orderOf(update.event);
  return orderId === undefined || (attempt !== undefined && (attempt.orderId ?? orderId) === orderId);
}

function effectOf({ record: { id, dueAt } }: Decided, isTaken: boolean): Effect {
  return { isTaken, wakes: dueAt === undefined ? [] : [{ id, at: dueAt }] };
}
