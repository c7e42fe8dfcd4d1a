import { sql, type Kysely } from 'kysely';
import type { HandledTypes } from '../handled-types.js';
import type { DispatchResult, OutboxStorage, PendingEvent } from '../outbox-storage.js';
import { IS_PENDING, type DeliveriesSchema } from '../sql/deliveries-schema.js';
import { resultColumns } from '../sql/result-columns.js';
import { nextTryAfter, pendingEvent, type PendingRow } from '../sql/pending-rows.js';
import type { GroupCommit } from './group-commit.js';

/** The outbox in a SQLite file. */
export class SqliteOutbox implements OutboxStorage {
  readonly #db: Kysely<DeliveriesSchema>;
  readonly #commit: GroupCommit;

  constructor(db: Kysely<DeliveriesSchema>, commit: GroupCommit) {
    this.#db = db;
    this.#commit = commit;
  }

  /** Only this process uses the file. */
  announce(handled: HandledTypes): Promise<HandledTypes> {
    return Promise.resolve(handled);
  }

  async pending(blockedOn: string | undefined, now: number, limit: number): Promise<readonly PendingEvent[]> {
    const isEligible = blockedOn === undefined ? sql`e.blocked_on is null` : sql`e.blocked_on = ${blockedOn}`;
    const { rows } = await sql<PendingRow>`
      select e.id, e.source, e.payload, e.occurred_at, e.handled_by, e.tries, e.account, e.blocked_on, d.reference
      from delivery_events e left join deliveries d on d.id = e.delivery_id
      where e.dispatch = 'pending' and e.unreadable_at is null and ${isEligible} and e.next_try_at <= ${now}
        and (e.source = 'webhook' or not exists (
          select 1 from delivery_events earlier
          where earlier.delivery_id = e.delivery_id and earlier.dispatch = 'pending'
            and earlier.unreadable_at is null and earlier.source = 'delivery' and earlier.id < e.id))
      order by e.next_try_at, e.id limit ${limit}`.execute(this.#db);
    return rows.map(pendingEvent);
  }

  nextTryAfter(now: number): Promise<number | undefined> {
    return nextTryAfter(this.#db, now);
  }

  async block(eventIds: readonly number[], handler: string): Promise<void> {
    await this.#commit.write((trx) =>
      trx.updateTable('delivery_events').set({ blocked_on: handler }).where('id', 'in', eventIds).execute(),
    );
  }

  async unblock(limit: number): Promise<boolean> {
    const { numUpdatedRows } = await this.#commit.write((trx) =>
      trx
        .updateTable('delivery_events')
        .set({ blocked_on: null })
        .where('id', 'in', (marked) =>
          marked
            .selectFrom('delivery_events')
            .select('id')
            .where(IS_PENDING)
            .where('blocked_on', 'is not', null)
            .limit(limit),
        )
        .executeTakeFirst(),
    );
    return numUpdatedRows > 0n;
  }

  async settle(eventId: number, result: DispatchResult): Promise<void> {
    await this.#commit.write((trx) =>
      trx
        .updateTable('delivery_events')
        .set((event) => resultColumns(event, result))
        .where('id', '=', eventId)
        .execute(),
    );
  }

  /** Only this process uses the file. */
  async release(): Promise<void> {
    // There is nobody to give events to.
  }
}
