import type { DeliveryAttempt } from '../../domain/delivery-progress.js';
import type { AttemptChange, OrderClone } from '../../domain/transition.js';
import type { DeliveryEvent } from '../../events/delivery-event.js';
import type { DeliveryRecord } from '../delivery-record.js';
import type { NewWebhook, StoredWebhook } from '../inbox-storage.js';
import type { StorageTransaction } from '../storage.js';
import type { AttemptKey, Erasure, KnownAttempt, LeaseChange, NewStoredEvent } from '../stored-types.js';
import { addClone, findAttempt, lostAttempt, reserveAttempt, settleAttempts } from './attempt-rows.js';
import type { DeliveriesTransaction } from './deliveries-schema.js';
import { deliveryById, findDelivery } from './delivery-queries.js';
import { changedColumns, rowOf } from './delivery-rows.js';
import { eraseDelivery } from './erase-delivery.js';
import { insertEvents } from './event-rows.js';
import { shiftStoredTimes } from './shift-stored-times.js';
import {
  identifyWebhooks,
  isPendingWebhook,
  pendingWebhooksOf,
  storeWebhook,
  unidentifiedOrders,
} from './webhook-rows.js';

/** A transaction on the only connection. No other transaction runs at the same time, so no row needs a lock. */
export class SqliteTransaction implements StorageTransaction {
  readonly #trx: DeliveriesTransaction;
  readonly #now: () => number;

  /** @param now the clock for leases: Unix ms */
  constructor(trx: DeliveriesTransaction, now: () => number) {
    this.#trx = trx;
    this.#now = now;
  }

  find(account: string, reference: string): Promise<DeliveryRecord | undefined> {
    return findDelivery(this.#trx, account, reference);
  }

  lock(deliveryId: string): Promise<DeliveryRecord | undefined> {
    return deliveryById(this.#trx, deliveryId);
  }

  async lockFree(deliveryId: string): Promise<DeliveryRecord | undefined> {
    const record = await this.lock(deliveryId);
    const isHeld = record?.leaseUntil !== undefined && record.leaseUntil > this.#now();
    return isHeld ? undefined : record;
  }

  async insert(record: DeliveryRecord): Promise<boolean> {
    const inserted = await this.#trx
      .insertInto('deliveries')
      .values(rowOf(record))
      .onConflict((conflict) => conflict.columns(['account', 'reference']).doNothing())
      .returning('id')
      .executeTakeFirst();
    return inserted !== undefined;
  }

  async save(before: DeliveryRecord, after: DeliveryRecord, lease?: LeaseChange): Promise<DeliveryRecord> {
    const saved = lease === undefined ? after : { ...after, ...this.#leased(lease) };
    const columns = changedColumns(before, saved);
    if (Object.keys(columns).length > 0) {
      await this.#trx.updateTable('deliveries').set(columns).where('id', '=', before.id).execute();
    }
    return saved;
  }

  #leased(lease: LeaseChange): Pick<DeliveryRecord, 'leaseToken' | 'leaseUntil'> {
    if (lease === 'release') return { leaseToken: undefined, leaseUntil: undefined };
    return { leaseToken: lease.token, leaseUntil: this.#now() + lease.ms };
  }

  addEvents(record: DeliveryRecord, events: readonly NewStoredEvent[], at: number): Promise<DeliveryEvent[]> {
    return insertEvents(this.#trx, record, events, at);
  }

  erase(deliveryId: string): Promise<Erasure> {
    return eraseDelivery(this.#trx, deliveryId);
  }

  shiftTimes(ms: number): Promise<void> {
    return shiftStoredTimes(this.#trx, ms);
  }

  reserveAttempt(
    record: DeliveryRecord,
    attempt: DeliveryAttempt,
    price: { readonly total: string; readonly currency: string },
  ): Promise<void> {
    return reserveAttempt(this.#trx, record, attempt, price);
  }

  attemptOf(account: string, key: AttemptKey): Promise<KnownAttempt | undefined> {
    return findAttempt(this.#trx, account, key);
  }

  settleAttempts(attempts: readonly AttemptChange[], at: number): Promise<void> {
    return settleAttempts(this.#trx, attempts, at);
  }

  addClone(record: DeliveryRecord, clone: OrderClone): Promise<void> {
    return addClone(this.#trx, record, clone);
  }

  async wakeSearcher(account: string, at: number, abandonedSince: number): Promise<string | undefined> {
    const deliveryId = await lostAttempt(this.#trx, account, abandonedSince);
    if (deliveryId === undefined) return undefined;
    await this.#trx.updateTable('deliveries').set({ due_at: at }).where('id', '=', deliveryId).execute();
    return deliveryId;
  }

  storeWebhook(webhook: NewWebhook): Promise<number | undefined> {
    return storeWebhook(this.#trx, webhook);
  }

  lockWebhook(eventId: number): Promise<boolean> {
    return isPendingWebhook(this.#trx, eventId);
  }

  async markApplied(eventId: number, deliveryId: string | undefined, at: number): Promise<void> {
    await this.#trx
      .updateTable('delivery_events')
      .set({ applied_at: at, ...(deliveryId !== undefined && { delivery_id: deliveryId }) })
      .where('id', '=', eventId)
      .execute();
  }

  async lookAgain(eventId: number, at: number | undefined): Promise<void> {
    await this.#trx
      .updateTable('delivery_events')
      .set({ look_at: at ?? null })
      .where('id', '=', eventId)
      .execute();
  }

  pendingWebhooks(account: string, orderId: string): Promise<readonly StoredWebhook[]> {
    return pendingWebhooksOf(this.#trx, account, orderId);
  }

  unidentifiedOrders(account: string, receivedSince: number, limit: number): Promise<readonly string[]> {
    return unidentifiedOrders(this.#trx, account, receivedSince, limit);
  }

  markIdentified(account: string, orderId: string, quotationId: string): Promise<void> {
    return identifyWebhooks(this.#trx, account, orderId, quotationId);
  }
}
