import { sql, type RawBuilder, type SqlBool } from 'kysely';
import type { HandledTypes } from '../handled-types.js';
import type { DispatchResult, OutboxStorage, PendingEvent } from '../outbox-storage.js';
import { IS_PENDING, type DeliveriesKysely } from '../sql/deliveries-schema.js';
import { nextTryAfter, pendingEvent, type PendingRow } from '../sql/pending-rows.js';
import { resultColumns } from '../sql/result-columns.js';
import { ANNOUNCED_MS, isAnnounced } from './announced-handlers.js';
import type { LeaseClock } from './lease-clock.js';
import type { PostgresTables } from './postgres-tables.js';
import type { PostgresTransactions } from './postgres-transactions.js';

/** A process announces its types again after this time, in ms: an hour. */
const RENEWED_MS = 3_600_000;

/** The maximum number of events that one statement changes. */
const BATCH = 1000;

/** The dependencies of {@link PostgresOutbox}. */
export interface PostgresOutboxParts {
  readonly transactions: PostgresTransactions;
  readonly tables: PostgresTables;
  readonly leases: LeaseClock;
  /** Identifies this process. */
  readonly process: string;
  /** How long an event is leased to the process that dispatches it, in ms. Longer than the timeout of a handler. */
  readonly leaseMs: number;
}

/** An announced type, and how long ago it was announced, in ms. */
interface AnnouncedRow {
  readonly source: string;
  readonly type: string;
  readonly age: number;
}

/** The outbox in PostgreSQL. A process leases the events that it dispatches. If it dies, another one gets them. */
export class PostgresOutbox implements OutboxStorage {
  readonly #parts: PostgresOutboxParts;
  #handled: HandledTypes = { delivery: new Set(), webhook: new Set() };

  constructor(parts: PostgresOutboxParts) {
    this.#parts = parts;
  }

  /** Also removes the marks of processes that have died, and ends the wait of events whose handlers are gone. */
  async announce(handled: HandledTypes): Promise<HandledTypes> {
    this.#handled = handled;
    await this.#removeMarks(sql`dispatch_until <= ${this.#parts.leases.sql}`, BATCH);
    const known = await this.#announced();
    const missing = pairsOf(handled).filter(
      ({ source, type }) => !known.some((row) => row.source === source && row.type === type && row.age < RENEWED_MS),
    );
    for (const { source, type } of missing) await this.#announceType(source, type);
    if (missing.length > 0) await this.#dropUnhandled();
    const typesOf = (name: string): ReadonlySet<string> =>
      new Set([...known, ...missing].flatMap(({ source, type }) => (source === name ? [type] : [])));
    return { delivery: typesOf('delivery'), webhook: typesOf('webhook') };
  }

  async #announced(): Promise<readonly AnnouncedRow[]> {
    const { transactions, tables, leases } = this.#parts;
    const { rows } = await transactions.statement((db) =>
      sql<AnnouncedRow>`select source, type, ${leases.sql} - seen_at as age from ${tables.handlers}
        where seen_at > ${leases.sql} - ${ANNOUNCED_MS}::bigint`.execute(db),
    );
    return rows;
  }

  async #announceType(source: string, type: string): Promise<void> {
    const { transactions, tables, leases } = this.#parts;
    await transactions.statement((db) =>
      sql`insert into ${tables.handlers} (source, type, seen_at) values (${source}, ${type}, ${leases.sql})
        on conflict (source, type) do update set seen_at = excluded.seen_at`.execute(db),
    );
  }

  /** @returns whether any mark was removed */
  async #removeMarks(isRemovable: RawBuilder<unknown>, limit: number): Promise<boolean> {
    const { transactions, tables } = this.#parts;
    const { numAffectedRows } = await transactions.statement((db) =>
      sql`with marked as materialized (
          select id from ${tables.events} where ${IS_PENDING} and blocked_on is not null and ${isRemovable}
          limit ${limit} for update skip locked)
        update ${tables.events} open set blocked_on = null from marked where open.id = marked.id`.execute(db),
    );
    return (numAffectedRows ?? 0n) > 0n;
  }

  /**
   * Ends the wait of events whose handlers are gone: they would wait forever. Newer events stay, because the process
   * with their handlers may be about to start.
   */
  async #dropUnhandled(): Promise<void> {
    const { transactions, tables, leases } = this.#parts;
    const isHandled = isAnnounced(this.#parts, { source: sql`e.source`, type: sql`e.type` });
    await transactions.statement((db) =>
      sql`with unhandled as materialized (
          select e.id from ${tables.events} e
          where e.dispatch = 'pending' and e.received_at <= ${leases.sql} - ${ANNOUNCED_MS}::bigint and not ${isHandled}
          limit ${BATCH} for update of e skip locked)
        update ${tables.events} dropped set dispatch = 'none', next_try_at = null
        from unhandled where dropped.id = unhandled.id`.execute(db),
    );
  }

  async pending(blockedOn: string | undefined, now: number, limit: number): Promise<readonly PendingEvent[]> {
    const { delivery, webhook } = this.#handled;
    if (delivery.size + webhook.size === 0) return [];
    const { transactions, tables, leases, process, leaseMs } = this.#parts;
    const isEligible = blockedOn === undefined ? sql`e.blocked_on is null` : sql`e.blocked_on = ${blockedOn}`;
    const { rows } = await transactions.statement((db) =>
      sql<PendingRow & { next_try_at: number }>`
        with due as materialized (
          select e.id from ${tables.events} e
          where e.dispatch = 'pending' and e.unreadable_at is null and ${isEligible} and e.next_try_at <= ${now}
            and (e.dispatch_until is null or e.dispatch_until <= ${leases.sql} or e.dispatch_by = ${process})
            and ((e.source = 'webhook' and ${isOneOf('e', webhook)}) or (e.source = 'delivery'
              and ${isOneOf('e', delivery)} and not exists (
                select 1 from ${tables.events} earlier
                where earlier.delivery_id = e.delivery_id and earlier.dispatch = 'pending'
                  and earlier.unreadable_at is null and earlier.source = 'delivery' and earlier.id < e.id
                  and ${isOneOf('earlier', delivery)})))
          order by e.next_try_at, e.id limit ${sql.lit(limit)} for update of e skip locked)
        update ${tables.events} leased set dispatch_by = ${process}, dispatch_until = ${leases.sql} + ${leaseMs}::bigint
        from due where leased.id = due.id
        returning leased.id, source, payload, occurred_at, handled_by, tries, account, blocked_on, next_try_at,
          (select d.reference from ${tables.deliveries} d where d.id = leased.delivery_id) as reference`.execute(db),
    );
    return [...rows].sort((a, b) => a.next_try_at - b.next_try_at || a.id - b.id).map(pendingEvent);
  }

  nextTryAfter(now: number): Promise<number | undefined> {
    return this.#parts.transactions.statement((db) => nextTryAfter(db, now));
  }

  async block(eventIds: readonly number[], handler: string): Promise<void> {
    const { transactions, tables, process } = this.#parts;
    await transactions.statement((db) =>
      sql`update ${tables.events} set blocked_on = ${handler}
        where id = any(${eventIds}) and dispatch_by = ${process}`.execute(db),
    );
  }

  /** Removes the marks of processes whose lease has ended, and of this one. */
  async unblock(limit: number): Promise<boolean> {
    const { leases, process } = this.#parts;
    const isRemovable = sql`(dispatch_until is null or dispatch_until <= ${leases.sql} or dispatch_by = ${process})`;
    return this.#removeMarks(isRemovable, limit);
  }

  /** Drops the result if the lease has ended and another process has the event. */
  async settle(eventId: number, result: DispatchResult): Promise<void> {
    const { transactions, process } = this.#parts;
    const write = (db: DeliveriesKysely): Promise<unknown> =>
      db
        .updateTable('delivery_events')
        // A blocked event stays leased: its mark is valid as long as its lease.
        .set((event) => ({ ...resultColumns(event, result), ...(result.blockedOn === undefined && NOT_LEASED) }))
        .where('id', '=', eventId)
        .where(sql<SqlBool>`dispatch_by = ${process}`)
        .execute();
    if (result.error === undefined) await transactions.statement(write);
    else await transactions.run((trx) => afterErasure(trx, eventId, write));
  }

  async release(): Promise<void> {
    const { transactions, tables, process } = this.#parts;
    await transactions.statement((db) =>
      sql`update ${tables.events} set dispatch_by = null, dispatch_until = null, blocked_on = null
        where ${IS_PENDING} and dispatch_by = ${process}`.execute(db),
    );
  }
}

const NOT_LEASED = { dispatch_by: null, dispatch_until: null };

/** Waits for an erasure that is running. A statement sees only what was committed before it began. */
async function afterErasure(
  trx: DeliveriesKysely,
  eventId: number,
  write: (trx: DeliveriesKysely) => Promise<unknown>,
): Promise<void> {
  const event = trx.selectFrom('delivery_events').select('delivery_id').where('id', '=', eventId);
  await trx.selectFrom('deliveries').select('id').where('id', '=', event).forShare().execute();
  await write(trx);
}

/** In one order, so that two processes do not wait for each other. */
function pairsOf({ delivery, webhook }: HandledTypes): { source: string; type: string }[] {
  return [
    ...[...delivery].sort().map((type) => ({ source: 'delivery', type })),
    ...[...webhook].sort().map((type) => ({ source: 'webhook', type })),
  ];
}

/** Whether the type of an event is one of these. */
function isOneOf(alias: string, types: ReadonlySet<string>): RawBuilder<unknown> {
  return types.has('*') ? sql`true` : sql`${sql.ref(`${alias}.type`)} = any(${[...types]})`;
}
