import type { DeliveryAttempt } from '../../domain/delivery-progress.js';
import type { AttemptChange, OrderClone } from '../../domain/transition.js';
import type { DeliveryEvent } from '../../events/delivery-event.js';
import type { DeliveryRecord } from '../delivery-record.js';
import type { NewWebhook, StoredWebhook } from '../inbox-storage.js';
import type { StorageTransaction } from '../storage.js';
import type { AttemptKey, Erasure, KnownAttempt, LeaseChange, NewStoredEvent } from '../stored-types.js';
import { addClone, addReplaced, findAttempt, lostAttempt, reserveAttempt, settleAttempts } from './attempt-rows.js';
import type { DeliveriesKysely } from './deliveries-schema.js';
import { findDelivery } from './delivery-queries.js';
import { rowOf } from './delivery-rows.js';
import { dispatchIfWanted, type DispatchColumns, type NewEvent } from './dispatch-columns.js';
import { insertEvents } from './event-rows.js';
import { identifyWebhooks, storeWebhook, unidentifiedOrders } from './webhook-rows.js';

/** The part of a transaction that is the same on all databases. Locks, leases and versions differ. */
export abstract class SqlTransaction implements StorageTransaction {
  // A private field, so no log shows the database.
  readonly #trx: DeliveriesKysely;

  constructor(trx: DeliveriesKysely) {
    this.#trx = trx;
  }

  abstract lock(deliveryId: string): Promise<DeliveryRecord | undefined>;
  abstract lockFree(deliveryId: string): Promise<DeliveryRecord | undefined>;
  abstract save(before: DeliveryRecord, after: DeliveryRecord, lease?: LeaseChange): Promise<DeliveryRecord>;
  abstract erase(deliveryId: string): Promise<Erasure>;
  abstract shiftTimes(ms: number): Promise<void>;
  abstract refuseIfRestored(): Promise<void>;
  abstract lockWebhook(eventId: number): Promise<boolean>;
  abstract pendingWebhooks(account: string, orderId: string): Promise<readonly StoredWebhook[]>;

  /** Whether a new event is dispatched. */
  protected dispatchOf(event: NewEvent): DispatchColumns {
    return dispatchIfWanted(event);
  }

  protected get trx(): DeliveriesKysely {
    return this.#trx;
  }

  find(account: string, reference: string): Promise<DeliveryRecord | undefined> {
    return findDelivery(this.#trx, account, reference);
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

  addEvents(record: DeliveryRecord, events: readonly NewStoredEvent[], at: number): Promise<DeliveryEvent[]> {
    return insertEvents(this.#trx, record, events, at, (event) => this.dispatchOf(event));
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

  addReplaced(clone: KnownAttempt, orderId: string): Promise<KnownAttempt> {
    return addReplaced(this.#trx, clone, orderId);
  }

  async wakeSearcher(account: string, at: number, abandonedSince: number): Promise<string | undefined> {
    const deliveryId = await lostAttempt(this.#trx, account, abandonedSince);
    if (deliveryId === undefined) return undefined;
    await this.#trx
      .updateTable('deliveries')
      // A delivery that is due earlier stays so.
      .set((row) => ({ due_at: row.case().when('due_at', '<', at).then(row.ref('due_at')).else(at).end() }))
      .where('id', '=', deliveryId)
      .execute();
    return deliveryId;
  }

  storeWebhook(webhook: NewWebhook): Promise<number | undefined> {
    return storeWebhook(this.#trx, webhook, (event) => this.dispatchOf(event));
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

  unidentifiedOrders(account: string, receivedSince: number, limit: number): Promise<readonly string[]> {
    return unidentifiedOrders(this.#trx, account, receivedSince, limit);
  }

  markIdentified(account: string, orderId: string, quotationId: string): Promise<void> {
    return identifyWebhooks(this.#trx, account, orderId, quotationId);
  }
}
