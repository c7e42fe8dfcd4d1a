import { sql, type Selectable } from 'kysely';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';
import type { DeliveryRecord } from '../delivery-record.js';
import type { StoredWebhook } from '../inbox-storage.js';
import type { Erasure, LeaseChange } from '../stored-types.js';
import type { DeliveriesKysely, DeliveriesTable } from '../sql/deliveries-schema.js';
import { changedColumns, recordOf } from '../sql/delivery-rows.js';
import { dispatchIfWanted, type DispatchColumns, type NewEvent } from '../sql/dispatch-columns.js';
import { eraseDelivery } from '../sql/erase-delivery.js';
import { SqlTransaction } from '../sql/sql-transaction.js';
import { pendingWebhookQuery, pendingWebhooksQuery } from '../sql/webhook-rows.js';
import { isAnnounced } from './announced-handlers.js';
import type { LeaseClock } from './lease-clock.js';
import { VersionConflict } from './postgres-failure.js';
import type { PostgresTables } from './postgres-tables.js';
import type { RestoredDatabase } from './restored-database.js';

/** The lease of a delivery: its token, and its end by the clock of leases. */
type Lease = Pick<DeliveryRecord, 'leaseToken' | 'leaseUntil'>;

/** A locked row, with the time of the lock by the clock of leases. */
type LockedRow = Selectable<DeliveriesTable> & { readonly lease_now: number };

const NO_LEASE: Lease = { leaseToken: undefined, leaseUntil: undefined };

/** A transaction beside those of other processes. It locks the rows that it changes. */
export class PostgresTransaction extends SqlTransaction {
  constructor(
    trx: DeliveriesKysely,
    private readonly parts: {
      readonly tables: PostgresTables;
      readonly leases: LeaseClock;
      readonly restored: Pick<RestoredDatabase, 'refuse'>;
    },
  ) {
    super(trx);
  }

  /** Another process may have announced a handler after this one has read the announced types. */
  protected override dispatchOf(event: NewEvent): DispatchColumns {
    if (event.isWanted) return dispatchIfWanted(event);
    const isWanted = isAnnounced(this.parts, { source: sql`${event.source}::text`, type: sql`${event.type}::text` });
    return {
      dispatch: sql<string>`case when ${isWanted} then 'pending' else 'none' end`,
      next_try_at: sql<number | null>`case when ${isWanted} then ${event.at}::bigint end`,
    };
  }

  /** Connections may lead to a promoted replica, which may have lost what was committed last. */
  async refuseIfRestored(): Promise<void> {
    await this.parts.restored.refuse(this.trx);
  }

  async lock(deliveryId: string): Promise<DeliveryRecord | undefined> {
    const row = await this.#lockRow(deliveryId);
    return row && recordOf(row);
  }

  /** Waits for a transaction that has locked the row: it may be the one that made the delivery due. */
  async lockFree(deliveryId: string): Promise<DeliveryRecord | undefined> {
    const row = await this.#lockRow(deliveryId);
    if (!row || (row.lease_until !== null && row.lease_until > row.lease_now)) return undefined;
    return recordOf(row);
  }

  async #lockRow(deliveryId: string): Promise<LockedRow | undefined> {
    const reading = this.parts.leases.reading();
    const row = await this.trx
      .selectFrom('deliveries')
      .selectAll()
      .select(this.parts.leases.sql.as('lease_now'))
      .where('id', '=', deliveryId)
      .forUpdate()
      .executeTakeFirst();
    if (row) reading(row.lease_now);
    return row;
  }

  async save(before: DeliveryRecord, after: DeliveryRecord, lease?: LeaseChange): Promise<DeliveryRecord> {
    const columns = changedColumns(before, { ...after, leaseToken: before.leaseToken, leaseUntil: before.leaseUntil });
    const isLeaseChanged = lease !== undefined && !(lease === 'release' && before.leaseToken === undefined);
    if (Object.keys(columns).length === 0 && !isLeaseChanged) return after;
    const reading = this.parts.leases.reading();
    const saved = await this.trx
      .updateTable('deliveries')
      .set({ ...columns, ...(isLeaseChanged && this.#leaseColumns(lease)) })
      .where('id', '=', before.id)
      .where('version', '=', before.version)
      .returning(['lease_until', this.parts.leases.sql.as('lease_now')])
      .executeTakeFirst();
    if (!saved) throw new VersionConflict(before.id);
    reading(saved.lease_now);
    if (!isLeaseChanged) return after;
    return { ...after, ...(lease === 'release' ? NO_LEASE : leaseOf(lease.token, saved.lease_until)) };
  }

  #leaseColumns(lease: LeaseChange): object {
    if (lease === 'release') return { lease_token: null, lease_until: null };
    return { lease_token: lease.token, lease_until: sql<number>`${this.parts.leases.sql} + ${lease.ms}::bigint` };
  }

  async erase(deliveryId: string): Promise<Erasure> {
    // The row may be unreadable, so its contents are not parsed.
    await this.#lockRow(deliveryId);
    return eraseDelivery(this.trx, deliveryId);
  }

  /** Does nothing: the clock of this host says nothing about the times that other hosts have stored. */
  async shiftTimes(): Promise<void> {
    // See above.
  }

  async lockWebhook(eventId: number): Promise<boolean> {
    return (await pendingWebhookQuery(this.trx, eventId).forUpdate().executeTakeFirst()) !== undefined;
  }

  /** Leaves out a webhook that another transaction is applying: that one waits for the delivery. */
  async pendingWebhooks(account: string, orderId: string): Promise<readonly StoredWebhook[]> {
    return pendingWebhooksQuery(this.trx, account, orderId).forUpdate().skipLocked().execute();
  }
}

function leaseOf(token: string, until: number | null): Lease {
  if (until === null) throw new DeliveriesStoreException('A lease was written without its end.');
  return { leaseToken: token, leaseUntil: until };
}
