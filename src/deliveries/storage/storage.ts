import type { ListQuery } from '../dto/method-inputs.js';
import type { DeliveryAttempt } from '../domain/delivery-progress.js';
import type { AttemptChange, OrderClone } from '../domain/transition.js';
import type { DeliveryEvent } from '../events/delivery-event.js';
import type { DeliveryRecord } from './delivery-record.js';
import type { InspectionStorage } from './inspection-storage.js';
import type { InboxStorage, NewWebhook, StoredWebhook } from './inbox-storage.js';
import type { OutboxStorage } from './outbox-storage.js';
import type {
  AttemptKey,
  DueDelivery,
  Erasure,
  KnownAttempt,
  LeaseChange,
  NewStoredEvent,
  ReadClaim,
  StoredCounts,
  StoredEvent,
  StoredPage,
} from './stored-types.js';
import type { StorageSignals } from './storage-signals.js';
import type { UnreadableRowsStorage } from './unreadable-rows-storage.js';

/**
 * The storage of deliveries. All SQL is behind this interface, in one folder for each database. It stores and finds
 * rows; its callers decide what to change. Times are Unix ms.
 *
 * An error of the database itself is a `DeliveriesStoreException`. An unreadable row causes an `UnreadableRow`.
 */
export interface DeliveriesStorage {
  readonly inbox: InboxStorage;
  readonly outbox: OutboxStorage;
  readonly unreadable: UnreadableRowsStorage;
  readonly inspection: InspectionStorage;
  /** The signals between processes; `undefined` if only one process uses the database. */
  readonly signals: StorageSignals | undefined;

  /** Prepares the storage, once per start. An implementation may release the leases of a dead process. */
  start(): Promise<void>;
  /** Copies the database in use to a new file. The copy is a consistent snapshot. */
  backup(path: string): Promise<void>;
  /** Closes the database. A later call fails. */
  close(): Promise<void>;

  /**
   * Runs `work` in a transaction, and resolves after its commit. Transactions may share a commit.
   *
   * @param work may run again (another write of the same commit failed, or two processes had a conflict), so its
   * effects outside of the transaction must be safe to repeat
   * @throws what `work` throws, after a rollback
   */
  transact<T>(work: (trx: StorageTransaction) => Promise<T>): Promise<T>;
  /**
   * Runs `work` once in the host's own transaction. Its type depends on the implementation. The host commits it or
   * rolls it back.
   *
   * @throws InvalidDeliveryException with the pointer `/trx`, if it is not an open transaction on this database
   */
  join<T>(hostTransaction: unknown, work: (trx: StorageTransaction) => Promise<T>): Promise<T>;

  /**
   * How long the lease of a delivery lasts, in ms; 0 or less if it has ended. It is never too long, also if the clocks
   * of the hosts differ, or if this process was suspended.
   */
  leaseMsLeft(record: DeliveryRecord): number;

  /** @param account empty for the default account */
  find(account: string, reference: string): Promise<DeliveryRecord | undefined>;
  byId(deliveryId: string): Promise<DeliveryRecord | undefined>;
  /** Returns a page of deliveries, the oldest first. */
  list(query: ListQuery): Promise<StoredPage>;
  /** All stored events of a delivery, including its webhooks, in the order of the writes. */
  timeline(deliveryId: string): Promise<readonly StoredEvent[]>;
  /** The own events of a delivery after an event, in the order of the writes. */
  eventsAfter(deliveryId: string, eventId: number): Promise<readonly StoredEvent[]>;
  /** The id of the last event of a delivery; 0 if it has none. */
  lastEventId(deliveryId: string): Promise<number>;
  attemptOf(account: string, key: AttemptKey): Promise<KnownAttempt | undefined>;
  /** The time of the longest overdue delivery without an active lease, in Unix ms. */
  oldestDue(by: number): Promise<number | undefined>;
  /**
   * Deliveries that are due at a time and have no active lease, the longest overdue first. If several processes use the
   * database, each of them gets other deliveries.
   *
   * @param after the last delivery of the previous page
   */
  due(by: number, limit: number, after?: DueDelivery): Promise<readonly DueDelivery[]>;
  /** Releases a lease and sets when the delivery is due. It does nothing if the lease token is not `token` any more. */
  postpone(deliveryId: string, token: string, until: number): Promise<void>;
  /**
   * Claims to read the order of unmatched webhooks, so that several processes do not read it at the same time.
   *
   * @returns whether it is free, or claimed by the same delivery
   */
  claimRead(claim: ReadClaim): Promise<boolean>;
  /** Counts rows by their state. */
  metrics(): Promise<StoredCounts>;
  /**
   * Erases deliveries that ended before a time, as {@link StorageTransaction.erase} does. It skips deliveries with
   * webhooks that wait for their handlers.
   */
  eraseOld(endedBefore: number, limit: number): Promise<void>;
  /**
   * Changes times in the future to now. Such times exist if the clock was set back while no process ran.
   *
   * @returns the number of corrected deliveries
   */
  pullBackTimes(now: number): Promise<number>;
}

/**
 * One transaction. Before a change, read the delivery with {@link lock} or {@link lockFree}: no other transaction
 * changes it until this one ends.
 */
export interface StorageTransaction {
  find(account: string, reference: string): Promise<DeliveryRecord | undefined>;
  /** Reads a delivery for a change. */
  lock(deliveryId: string): Promise<DeliveryRecord | undefined>;
  /** As {@link lock}; `undefined` also if another worker holds its lease. */
  lockFree(deliveryId: string): Promise<DeliveryRecord | undefined>;
  /** @returns whether the row was inserted; `false` if its account has a delivery with the same reference */
  insert(record: DeliveryRecord): Promise<boolean>;
  /**
   * Writes only the changed columns of a delivery, if there are any.
   *
   * @param before the record at the time of the lock
   * @param lease the change of its lease; if it is missing, the lease does not change
   * @returns `after` with its current lease
   */
  save(before: DeliveryRecord, after: DeliveryRecord, lease?: LeaseChange): Promise<DeliveryRecord>;
  /** Appends events to the timeline of a delivery, and to the outbox if a handler wants them. */
  addEvents(record: DeliveryRecord, events: readonly NewStoredEvent[], at: number): Promise<DeliveryEvent[]>;
  /** Erases personal data, if a delivery has ended and its handlers have completed its webhooks. */
  erase(deliveryId: string): Promise<Erasure>;
  /** Shifts all stored times that come from the local clock by `ms`; a negative value shifts them back. */
  shiftTimes(ms: number): Promise<void>;

  /**
   * Called before an attempt is reserved.
   *
   * @throws DeliveriesStoreException if the database was restored from a backup since the process has started
   */
  refuseIfRestored(): Promise<void>;
  /** Writes the row of an attempt. The row is committed before the order is posted. */
  reserveAttempt(
    record: DeliveryRecord,
    attempt: DeliveryAttempt,
    price: { readonly total: string; readonly currency: string },
  ): Promise<void>;
  attemptOf(account: string, key: AttemptKey): Promise<KnownAttempt | undefined>;
  /** Writes the outcome of attempts. */
  settleAttempts(attempts: readonly AttemptChange[], at: number): Promise<void>;
  /** Writes an attempt row for a clone, and marks the attempt of the replaced order. */
  addClone(record: DeliveryRecord, clone: OrderClone): Promise<void>;
  /**
   * Writes an attempt row for the order that a known order has replaced, so that its webhooks match the delivery.
   *
   * @param clone the attempt of the known order
   * @returns the new attempt
   */
  addReplaced(clone: KnownAttempt, orderId: string): Promise<KnownAttempt>;
  /**
   * Makes a delivery due that has an attempt with an unknown order. Its worker then finds the deliveries
   * of unmatched orders.
   *
   * @param abandonedSince includes abandoned attempts that were reserved after this time
   * @returns the id of the delivery; `undefined` if there is none
   */
  wakeSearcher(account: string, at: number, abandonedSince: number): Promise<string | undefined>;

  /** @returns the id of the row; `undefined` if the webhook is a duplicate, in which case its keys are stored too */
  storeWebhook(webhook: NewWebhook): Promise<number | undefined>;
  /** Whether a stored webhook is not yet applied. No other transaction applies it until this one ends. */
  lockWebhook(eventId: number): Promise<boolean>;
  /** @param deliveryId the delivery to which it was applied */
  markApplied(eventId: number, deliveryId: string | undefined, at: number): Promise<void>;
  /** Sets when the sweep checks an unmatched webhook; `undefined`: only its order id can match it. */
  lookAgain(eventId: number, at: number | undefined): Promise<void>;
  /** Webhooks of an order that are not yet applied, ordered by their signed time. */
  pendingWebhooks(account: string, orderId: string): Promise<readonly StoredWebhook[]>;
  /** The orders of unmatched webhooks since a time that were not read from Lalamove yet, one order for each webhook. */
  unidentifiedOrders(account: string, receivedSince: number, limit: number): Promise<readonly string[]>;
  /** After an order was read, stores its quotation with its unmatched webhooks. The quotation may be empty. */
  markIdentified(account: string, orderId: string, quotationId: string): Promise<void>;
}
