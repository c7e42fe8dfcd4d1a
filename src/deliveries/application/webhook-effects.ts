import { duplicateOf } from '../domain/duplicates.js';
import { namedAgain } from '../domain/order-updates.js';
import { placed } from '../domain/transitions.js';
import type { DeliveryRecord } from '../storage/delivery-record.js';
import type { KnownAttempt } from '../storage/stored-types.js';
import type { Decided, DeliveryTransaction } from './delivery-transaction.js';
import type { DeliveryTransactions } from './delivery-transactions.js';
import { recoverAttempt } from './recovered-attempts.js';
import { orderOf, type WebhookUpdate } from './webhook-updates.js';

/** The effect of a webhook on deliveries. */
export interface Effect {
  /** Whether the webhook was applied. If not, it waits until its order is known. */
  readonly isTaken: boolean;
  /** The deliveries to wake, with the due time in Unix ms. */
  readonly wakes: readonly { readonly id: string; readonly at: number }[];
}

const A_DAY_MS = 24 * 3_600_000;

/** Applies webhooks to deliveries, in the transaction that stores the webhook or checks it again. */
export class WebhookEffects {
  constructor(
    private readonly deliveries: Pick<DeliveryTransactions, 'policyOf'>,
    private readonly now: () => number,
  ) {}

  /**
   * Finds the attempt of a webhook, by its order, by the order that has replaced it, or by the attempt id in its
   * metadata.
   */
  async attemptOf(trx: DeliveryTransaction, account: string, update: WebhookUpdate): Promise<KnownAttempt | undefined> {
    const orderId = orderOf(update.event);
    if (orderId === undefined) return undefined;
    const { attemptId, event } = update;
    const owner = await trx.storage.attemptOf(account, { orderId });
    if (owner) return owner;
    if (event.eventType === 'ORDER_REPLACED') {
      // The clone may be known before the order that it has replaced: an attempt whose answer was lost.
      const clone = await trx.storage.attemptOf(account, { orderId: event.orderId });
      if (clone) return trx.storage.addReplaced(clone, orderId);
    }
    if (attemptId === undefined) return undefined;
    const named = await trx.storage.attemptOf(account, { attemptId });
    return named ?? recoverAttempt(trx, account, { attemptId, quotationId: '' }, this.now());
  }

  /** Applies a webhook to the delivery of its order, if the order is known. */
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
      // The webhook arrived before the response to the order request, and contains the order id.
      await trx.change(deliveryId, (record) => placed(record, id, { orderId }, this.now()));
    } else if (known !== orderId) {
      const effect = await this.#nameAgain(trx, update, { deliveryId, account, known, orderId });
      if (effect) return effect;
    }
    return effectOf(await this.#apply(trx, account, update, { deliveryId, orderId }), true);
  }

  /**
   * Handles a webhook that names an attempt which already has another order.
   *
   * @returns its effect; `undefined` if the caller must also apply the webhook
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
    // The change above made the order known and applied its waiting webhooks, including this one.
    if (isFollowed(named.record, orderId) && before && !isFollowed(before, orderId)) return effectOf(named, true);
    // Only reading the orders at Lalamove shows whether it is a clone. The sweeper checks the webhook again.
    return (await isKnown(trx, account, orderId)) ? undefined : effectOf(named, false);
  }

  async #apply(
    trx: DeliveryTransaction,
    account: string,
    { event, apply }: WebhookUpdate,
    { deliveryId, orderId }: { deliveryId: string; orderId: string },
  ): Promise<Decided> {
    const { deliveries, now } = this;
    // The clone may be known, and may even have ended, before the replacement webhook arrives.
    const isKnownClone = event.eventType === 'ORDER_REPLACED' && (await isKnown(trx, account, event.orderId));
    return trx.change(deliveryId, (record) =>
      isKnownClone && !isFollowed(record, orderId) ? undefined : apply(record, deliveries.policyOf(record), now()),
    );
  }

  /** The order is unknown. It may belong to an attempt with an unknown outcome, so a delivery with one is woken. */
  async #wakeSearcher(trx: DeliveryTransaction, account: string): Promise<Effect> {
    const at = this.now();
    const id = await trx.storage.wakeSearcher(account, at, at - A_DAY_MS);
    return { isTaken: false, wakes: id === undefined ? [] : [{ id, at }] };
  }
}

async function isKnown(trx: DeliveryTransaction, account: string, orderId: string): Promise<boolean> {
  return (await trx.storage.attemptOf(account, { orderId })) !== undefined;
}

/** Whether an order belongs to the delivery, as the live order or as a duplicate. */
function isFollowed(record: DeliveryRecord, orderId: string): boolean {
  return record.progress.order?.orderId === orderId || duplicateOf(record, orderId) !== undefined;
}

/** Whether a webhook will certainly be applied at once. It is checked before the first write. */
export function isClearly(update: WebhookUpdate, attempt: KnownAttempt | undefined): boolean {
  const orderId = orderOf(update.event);
  return orderId === undefined || (attempt !== undefined && (attempt.orderId ?? orderId) === orderId);
}

function effectOf({ record: { id, dueAt } }: Decided, isTaken: boolean): Effect {
  return { isTaken, wakes: dueAt === undefined ? [] : [{ id, at: dueAt }] };
}
