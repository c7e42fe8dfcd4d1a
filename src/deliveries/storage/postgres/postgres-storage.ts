import { sql } from 'kysely';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';
import type { ListQuery } from '../../dto/method-inputs.js';
import type { DeliveryRecord } from '../delivery-record.js';
import type { DeliveriesStorage, StorageTransaction } from '../storage.js';
import type {
  AttemptKey,
  DueDelivery,
  KnownAttempt,
  ReadClaim,
  StoredCounts,
  StoredEvent,
  StoredPage,
} from '../stored-types.js';
import { findAttempt } from '../sql/attempt-rows.js';
import type { DeliveriesKysely } from '../sql/deliveries-schema.js';
import {
  eventsAfter,
  deliveryById,
  findDelivery,
  lastEventId,
  listDeliveries,
  oldestDue,
  postponeDelivery,
  timelineOf,
} from '../sql/delivery-queries.js';
import { erasableDeliveries, eraseDelivery } from '../sql/erase-delivery.js';
import { RowCounts } from '../sql/row-counts.js';
import { SqlInspection } from '../sql/sql-inspection.js';
import { SqlUnreadableRows } from '../sql/sql-unreadable-rows.js';
import { hostTransaction } from './host-transaction.js';
import type { LeaseClock } from './lease-clock.js';
import { storeFailure } from './postgres-failure.js';
import { PostgresInbox } from './postgres-inbox.js';
import { PostgresOutbox } from './postgres-outbox.js';
import type { PostgresSignals } from './postgres-signals.js';
import type { PostgresTables } from './postgres-tables.js';
import { PostgresTransaction } from './postgres-transaction.js';
import type { PostgresTransactions } from './postgres-transactions.js';
import { FoundRestored, type RestoredDatabase } from './restored-database.js';

/** The dependencies of {@link PostgresStorage}. */
export interface PostgresStorageParts {
  readonly db: DeliveriesKysely;
  readonly transactions: PostgresTransactions;
  readonly schema: string;
  readonly tables: PostgresTables;
  /** The identity of the database. */
  readonly databaseId: string;
  readonly leases: LeaseClock;
  readonly signals: PostgresSignals;
  readonly restored: RestoredDatabase;
  /** Identifies this process. */
  readonly process: string;
  /** How long the due deliveries of a sweep are left to this process, in ms. */
  readonly sweepMs: number;
  /** How long an event is leased to the process that dispatches it, in ms. */
  readonly dispatchMs: number;
  /** Closes the connections. */
  readonly close: () => Promise<void>;
}

/** Stores deliveries in PostgreSQL, for any number of processes. */
export class PostgresStorage implements DeliveriesStorage {
  readonly inbox: PostgresInbox;
  readonly outbox: PostgresOutbox;
  readonly unreadable: SqlUnreadableRows;
  readonly inspection: SqlInspection;
  // A private field, so no log shows the database.
  readonly #parts: PostgresStorageParts;
  readonly #counts: RowCounts;

  constructor(parts: PostgresStorageParts) {
    this.#parts = parts;
    const { db, transactions, tables, leases, process, dispatchMs } = parts;
    this.#counts = new RowCounts(db);
    this.inbox = new PostgresInbox(transactions, tables);
    this.outbox = new PostgresOutbox({ transactions, tables, leases, process, leaseMs: dispatchMs });
    this.inspection = new SqlInspection((read) => this.#read(read));
    this.unreadable = new SqlUnreadableRows(db, (work) => transactions.run(work));
  }

  get signals(): PostgresSignals {
    return this.#parts.signals;
  }

  /** Leases stay, because other processes hold them. Those of dead processes end by themselves. */
  async start(): Promise<void> {
    await this.#parts.signals.start();
  }

  async backup(): Promise<void> {
    const message = 'Deliveries in PostgreSQL are backed up by its own tools: docs/guides/operations.md says how.';
    return Promise.reject(new DeliveriesStoreException(message, { retryable: false }));
  }

  async close(): Promise<void> {
    await this.#parts.signals.stop();
    await this.#parts.close();
  }

  async transact<T>(work: (trx: StorageTransaction) => Promise<T>): Promise<T> {
    try {
      return await this.#parts.transactions.run((trx) => work(new PostgresTransaction(trx, this.#parts)));
    } catch (error) {
      if (error instanceof FoundRestored) await this.#parts.restored.check();
      throw error;
    }
  }

  async join<T>(given: unknown, work: (trx: StorageTransaction) => Promise<T>): Promise<T> {
    const trx = await hostTransaction(given, this.#parts);
    try {
      return await work(new PostgresTransaction(trx, this.#parts));
    } catch (error) {
      // Only the host can run its transaction again. The cause has the SQLSTATE.
      throw storeFailure(error);
    }
  }

  leaseMsLeft({ leaseUntil = 0 }: DeliveryRecord): number {
    return leaseUntil - this.#parts.leases.now();
  }

  find(account: string, reference: string): Promise<DeliveryRecord | undefined> {
    return this.#read((db) => findDelivery(db, account, reference));
  }

  byId(deliveryId: string): Promise<DeliveryRecord | undefined> {
    return this.#read((db) => deliveryById(db, deliveryId));
  }

  list(query: ListQuery): Promise<StoredPage> {
    return this.#read((db) => listDeliveries(db, query));
  }

  timeline(deliveryId: string): Promise<readonly StoredEvent[]> {
    return this.#read((db) => timelineOf(db, deliveryId));
  }

  eventsAfter(deliveryId: string, eventId: number): Promise<readonly StoredEvent[]> {
    return this.#read((db) => eventsAfter(db, deliveryId, eventId));
  }

  lastEventId(deliveryId: string): Promise<number> {
    return this.#read((db) => lastEventId(db, deliveryId));
  }

  attemptOf(account: string, key: AttemptKey): Promise<KnownAttempt | undefined> {
    return this.#read((db) => findAttempt(db, account, key));
  }

  /** Leaves the due deliveries to this process until the next sweep, so that sweeps share the work. */
  async due(by: number, limit: number, after?: DueDelivery): Promise<readonly DueDelivery[]> {
    const { transactions, tables, leases, process, sweepMs } = this.#parts;
    const isAfter = after ? sql`and (due_at, id) > (${after.dueAt}, ${after.id})` : sql``;
    const { rows } = await transactions.statement((db) =>
      sql<{ id: string; due_at: number }>`
        with free as materialized (
          select id from ${tables.deliveries}
          where due_at <= ${by} and unreadable_at is null ${isAfter}
            and (lease_until is null or lease_until <= ${leases.sql})
            and (swept_until is null or swept_until <= ${leases.sql} or swept_by = ${process})
          order by due_at, id limit ${limit} for update skip locked)
        update ${tables.deliveries} due set swept_by = ${process}, swept_until = ${leases.sql} + ${sweepMs}::bigint
        from free where due.id = free.id
        returning due.id, due.due_at`.execute(db),
    );
    return rows
      .map(({ id, due_at: dueAt }) => ({ id, dueAt }))
      .sort((a, b) => a.dueAt - b.dueAt || (a.id < b.id ? -1 : 1));
  }

  oldestDue(by: number): Promise<number | undefined> {
    const { leases } = this.#parts;
    return this.#read((db) => oldestDue(db, by, leases.sql));
  }

  postpone(deliveryId: string, token: string, until: number): Promise<void> {
    return this.#parts.transactions.statement((db) => postponeDelivery(db, deliveryId, token, until));
  }

  async claimRead({ account, orderId, by, ms }: ReadClaim): Promise<boolean> {
    const { transactions, tables, leases } = this.#parts;
    const { rows } = await transactions.run(async (trx) => {
      await sql`delete from ${tables.reads} where ctid = any(array(
        select ctid from ${tables.reads} where claimed_until <= ${leases.sql} limit 100 for update skip locked))
        and (account, order_id) <> (${account}, ${orderId})`.execute(trx);
      return sql`insert into ${tables.reads} as claim (account, order_id, claimed_by, claimed_until)
        values (${account}, ${orderId}, ${by}, ${leases.sql} + ${ms}::bigint)
        on conflict (account, order_id) do update
          set claimed_by = excluded.claimed_by, claimed_until = excluded.claimed_until
          where claim.claimed_until <= ${leases.sql} or claim.claimed_by = excluded.claimed_by
        returning claimed_by`.execute(trx);
    });
    return rows.length > 0;
  }

  metrics(): Promise<StoredCounts> {
    return this.#read(() => this.#counts.count());
  }

  /** Erases each delivery in a separate transaction. It skips deliveries that another process is erasing. */
  async eraseOld(endedBefore: number, limit: number): Promise<void> {
    const ids = await this.#read((db) => erasableDeliveries(db, endedBefore, limit));
    for (const id of ids) {
      await this.#parts.transactions.run(async (trx) => {
        const kept = trx.selectFrom('deliveries').select('id').where('id', '=', id).where('request', 'is not', null);
        if (await kept.forUpdate().skipLocked().executeTakeFirst()) await eraseDelivery(trx, id);
      });
    }
  }

  /** Changes nothing: the clock of this host says nothing about the times that other hosts have stored. */
  pullBackTimes(): Promise<number> {
    return Promise.resolve(0);
  }

  #read<T>(query: (db: DeliveriesKysely) => Promise<T>): Promise<T> {
    return this.#parts.transactions.statement(query);
  }
}
