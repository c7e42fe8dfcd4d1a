import { sql, type Kysely } from 'kysely';
import type { ListQuery } from '../../dto/method-inputs.js';
import type { DeliveryRecord } from '../delivery-record.js';
import type { DeliveriesStorage, StorageTransaction } from '../storage.js';
import type { AttemptKey, DueDelivery, KnownAttempt, StoredCounts, StoredEvent, StoredPage } from '../stored-types.js';
import { findAttempt } from '../sql/attempt-rows.js';
import { RowCounts } from '../sql/row-counts.js';
import type { DeliveriesSchema } from '../sql/deliveries-schema.js';
import {
  dueDeliveries,
  eventsAfter,
  deliveryById,
  findDelivery,
  lastEventId,
  listDeliveries,
  oldestDue,
  postponeDelivery,
  timelineOf,
} from '../sql/delivery-queries.js';
import { eraseDelivery, erasableDeliveries } from '../sql/erase-delivery.js';
import { GroupCommit } from './group-commit.js';
import type { DeliveriesDatabase } from './open-database.js';
import { ownTransaction } from './own-transaction.js';
import { pullBackStoredTimes } from './shift-stored-times.js';
import { SqliteInbox } from './sqlite-inbox.js';
import { SqliteOutbox } from './sqlite-outbox.js';
import { SqliteTransaction } from './sqlite-transaction.js';
import { SqlInspection } from '../sql/sql-inspection.js';
import { SqlUnreadableRows } from '../sql/sql-unreadable-rows.js';

/**
 * Stores deliveries in a SQLite file that only this process uses. One connection runs the transactions one after
 * another, and several share a commit. So no row needs a lock, and no change needs a version check.
 */
export class SqliteStorage implements DeliveriesStorage {
  readonly inbox: SqliteInbox;
  readonly outbox: SqliteOutbox;
  readonly unreadable: SqlUnreadableRows;
  readonly inspection: SqlInspection;
  /** Only this process uses the file. */
  readonly signals = undefined;
  // A private field, so no log shows the database.
  readonly #database: DeliveriesDatabase;
  readonly #commit: GroupCommit;
  readonly #now: () => number;
  readonly #counts: RowCounts;

  /** @param now the clock for leases: Unix ms */
  constructor(database: DeliveriesDatabase, now: () => number) {
    this.#database = database;
    this.#now = now;
    this.#commit = new GroupCommit(database.db);
    this.#counts = new RowCounts(database.db);
    this.inbox = new SqliteInbox(database.db, this.#commit);
    this.outbox = new SqliteOutbox(database.db, this.#commit);
    this.inspection = new SqlInspection((read) => read(database.db));
    this.unreadable = new SqlUnreadableRows(database.db, (work) => this.#commit.write(work));
  }

  get #db(): Kysely<DeliveriesSchema> {
    return this.#database.db;
  }

  /** Releases all leases. Only this process uses the file, so the previous holders are dead. */
  async start(): Promise<void> {
    await this.#commit.write((trx) =>
      trx
        .updateTable('deliveries')
        .set({ lease_token: null, lease_until: null })
        .where('lease_token', 'is not', null)
        .execute(),
    );
  }

  async backup(path: string): Promise<void> {
    await this.#database.backup(path);
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  transact<T>(work: (trx: StorageTransaction) => Promise<T>): Promise<T> {
    return this.#commit.write((trx) => work(new SqliteTransaction(trx, this.#now)));
  }

  async join<T>(hostTransaction: unknown, work: (trx: StorageTransaction) => Promise<T>): Promise<T> {
    return work(new SqliteTransaction(await ownTransaction(hostTransaction, this.#database.owner), this.#now));
  }

  leaseMsLeft({ leaseUntil = 0 }: DeliveryRecord): number {
    return leaseUntil - this.#now();
  }

  find(account: string, reference: string): Promise<DeliveryRecord | undefined> {
    return findDelivery(this.#db, account, reference);
  }

  byId(deliveryId: string): Promise<DeliveryRecord | undefined> {
    return deliveryById(this.#db, deliveryId);
  }

  list(query: ListQuery): Promise<StoredPage> {
    return listDeliveries(this.#db, query);
  }

  timeline(deliveryId: string): Promise<readonly StoredEvent[]> {
    return timelineOf(this.#db, deliveryId);
  }

  eventsAfter(deliveryId: string, eventId: number): Promise<readonly StoredEvent[]> {
    return eventsAfter(this.#db, deliveryId, eventId);
  }

  lastEventId(deliveryId: string): Promise<number> {
    return lastEventId(this.#db, deliveryId);
  }

  attemptOf(account: string, key: AttemptKey): Promise<KnownAttempt | undefined> {
    return findAttempt(this.#db, account, key);
  }

  due(by: number, limit: number, after?: DueDelivery): Promise<readonly DueDelivery[]> {
    return dueDeliveries(this.#db, { by, limit, after, now: this.#now() });
  }

  oldestDue(by: number): Promise<number | undefined> {
    return oldestDue(this.#db, by, sql.lit(this.#now()));
  }

  postpone(deliveryId: string, token: string, until: number): Promise<void> {
    return this.#commit.write((trx) => postponeDelivery(trx, deliveryId, token, until));
  }

  /** Always free: only this process uses the database. */
  claimRead(): Promise<boolean> {
    return Promise.resolve(true);
  }

  metrics(): Promise<StoredCounts> {
    return this.#counts.count();
  }

  /** Erases each delivery in a separate transaction, so other writes do not wait for all of them. */
  async eraseOld(endedBefore: number, limit: number): Promise<void> {
    const ids = await erasableDeliveries(this.#db, endedBefore, limit);
    for (const id of ids) await this.#commit.write((trx) => eraseDelivery(trx, id));
  }

  pullBackTimes(now: number): Promise<number> {
    return this.#commit.write((trx) => pullBackStoredTimes(trx, now));
  }
}
