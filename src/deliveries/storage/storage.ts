import type { ListQuery } from '../dto/method-inputs.js';
import type { DeliveryAttempt } from '../domain/delivery-progress.js';
import type { AttemptChange, OrderClone } from '../domain/transition.js';
import type { DeliveryEvent } from '../events/delivery-event.js';
import type { DeliveryRecord } from './delivery-record.js';
import type { InboxStorage, NewWebhook, StoredWebhook } from './inbox-storage.js';
import type { OutboxStorage } from './outbox-storage.js';
import type {
  AttemptKey,
  DueDelivery,
  Erasure,
  KnownAttempt,
  LeaseChange,
  NewStoredEvent,
  StoredCounts,
  StoredEvent,
  StoredPage,
} from './stored-types.js';
import type { UnreadableRowsStorage } from './unreadable-rows-storage.js';

/**
 * Where deliveries are stored. Everything that needs SQL is behind this interface, in a folder of its own for each
 * database. It stores and finds; what becomes of a delivery is decided by its callers. Times are Unix ms.
 *
 * An error of the database itself is a `DeliveriesStoreException`; a row that cannot be read is an `UnreadableRow`.
 */
export interface DeliveriesStorage {
  readonly inbox: InboxStorage;
  readonly outbox: OutboxStorage;
  readonly unreadable: UnreadableRowsStorage;

  /** Prepares for work, once per start: an implementation may free leases that a dead process has left. */
  start(): Promise<void>;
  /** Copies the database to a new file, as of one moment, while it is worked on. */
  backup(path: string): Promise<void>;
  /** Closes the database: a call after that fails. */
  close(): Promise<void>;

  /**
   * Runs `work` in a transaction, and resolves once that is committed. Transactions may share a commit.
   *
   * @param work may be run again (another write of the same commit has failed, or two processes were in each other's
   * way), so what it does outside of the transaction must bear that
   * @throws what `work` throws; everything is rolled back then
   */
  transact<T>(work: (trx: StorageTransaction) => Promise<T>): Promise<T>;
  /**
   * The host's own transaction, of whatever type the implementation takes. The host commits it, or rolls it back.
   *
   * @throws InvalidDeliveryException with the pointer `/trx`, if it is no open transaction on this database
   */
  join(hostTransaction: unknown): Promise<StorageTransaction>;

  /** @param account empty for the default one */
  find(account: string, reference: string): Promise<DeliveryRecord | undefined>;
  /** A page of deliveries, the oldest first. */
  list(query: ListQuery): Promise<StoredPage>;
  /** Everything that was stored for a delivery, its events and its webhooks, in the order in which it was written. */
  timeline(deliveryId: string): Promise<readonly StoredEvent[]>;
  attemptOf(account: string, key: AttemptKey): Promise<KnownAttempt | undefined>;
  /**
   * Deliveries that are due by then and that nobody works on, the longest overdue first.
   *
   * @param after the last one of the page before
   */
  due(by: number, limit: number, after?: DueDelivery): Promise<readonly DueDelivery[]>;
  /** Gives a lease back and sets when the delivery is due; nothing happens if the lease is not `token` any more. */
  postpone(deliveryId: string, token: string, until: number): Promise<void>;
  /** Counts of rows by what they wait for. */
  metrics(): Promise<StoredCounts>;
  /**
   * Erases deliveries that ended before then, as {@link StorageTransaction.erase}; it skips those whose webhooks wait
   * for their handlers.
   */
  eraseOld(endedBefore: number, limit: number): Promise<void>;
  /**
   * Sets times that lie in the future to now: the clock was set back while no process ran.
   *
   * @returns how many deliveries that were
   */
  pullBackTimes(now: number): Promise<number>;
}

/**
 * One transaction. A delivery that is changed must be read by {@link lock} or {@link lockFree} first: no other
 * transaction changes it until this one has ended.
 */
export interface StorageTransaction {
  find(account: string, reference: string): Promise<DeliveryRecord | undefined>;
  /** Reads a delivery in order to change it. */
  lock(deliveryId: string): Promise<DeliveryRecord | undefined>;
  /** As {@link lock}; `undefined` if another worker holds its lease as well. */
  lockFree(deliveryId: string): Promise<DeliveryRecord | undefined>;
  /** @returns whether it was inserted; `false` if its account has a delivery with the same reference */
  insert(record: DeliveryRecord): Promise<boolean>;
  /**
   * Writes what has changed of a delivery, if anything has, and nothing else of its row.
   *
   * @param before as it was locked
   * @param lease what becomes of its lease; left out: it stays
   * @returns `after` with the lease that it has now
   */
  save(before: DeliveryRecord, after: DeliveryRecord, lease?: LeaseChange): Promise<DeliveryRecord>;
  /** Appends events to the timeline of a delivery, and to the outbox if a handler wants them. */
  addEvents(record: DeliveryRecord, events: readonly NewStoredEvent[], at: number): Promise<DeliveryEvent[]>;
  /** Erases what is about people, if a delivery has ended and its handlers have had its webhooks. */
  erase(deliveryId: string): Promise<Erasure>;
  /** Moves all stored times that rest on our clock, which was set forward by so many ms; below 0: back. */
  shiftTimes(ms: number): Promise<void>;

  /** Writes the row of an attempt: it is committed before the order is posted. */
  reserveAttempt(
    record: DeliveryRecord,
    attempt: DeliveryAttempt,
    price: { readonly total: string; readonly currency: string },
  ): Promise<void>;
  attemptOf(account: string, key: AttemptKey): Promise<KnownAttempt | undefined>;
  /** Writes what has become of attempts. */
  settleAttempts(attempts: readonly AttemptChange[], at: number): Promise<void>;
  /** Writes an attempt row for a clone, and marks the attempt of the order that it replaces. */
  addClone(record: DeliveryRecord, clone: OrderClone): Promise<void>;
  /**
   * Makes the delivery due that has an attempt whose order is not known: its worker finds out whose an order is.
   *
   * @param abandonedSince attempts that were given up count if they were reserved later
   * @returns the id of the delivery; `undefined` if there is none
   */
  wakeSearcher(account: string, at: number, abandonedSince: number): Promise<string | undefined>;

  /** @returns the id of its row; `undefined` if the webhook was stored before: the keys of this one are stored, too */
  storeWebhook(webhook: NewWebhook): Promise<number | undefined>;
  /** Whether a stored webhook has not been applied yet; nobody else applies it until this transaction has ended. */
  lockWebhook(eventId: number): Promise<boolean>;
  /** @param deliveryId the delivery that it was applied to */
  markApplied(eventId: number, deliveryId: string | undefined, at: number): Promise<void>;
  /** When an unmatched webhook is looked at by itself; `undefined`: its order alone can match it. */
  lookAgain(eventId: number, at: number | undefined): Promise<void>;
  /** Webhooks of an order that were not applied yet, as Lalamove signed them. */
  pendingWebhooks(account: string, orderId: string): Promise<readonly StoredWebhook[]>;
  /** The orders of unmatched webhooks since then that nobody has read yet, an order for each webhook. */
  unidentifiedOrders(account: string, receivedSince: number, limit: number): Promise<readonly string[]>;
  /** The order was read: its webhooks get its quotation, or an empty one. */
  markIdentified(account: string, orderId: string, quotationId: string): Promise<void>;
}
