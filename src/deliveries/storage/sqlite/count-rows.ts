import { sql, type Kysely } from 'kysely';
import { DELIVERY_STATES, type DeliveryState } from '../../domain/delivery-progress.js';
import type { StoredCounts } from '../stored-types.js';
import type { DeliveriesSchema } from './deliveries-schema.js';

type Count = 'unknown' | 'unmatched' | 'lost' | 'pending' | 'aside' | 'unreadable';

/** Each count uses an index of the counted rows. The conditions equal those of the indexes. */
export async function countRows(db: Kysely<DeliveriesSchema>): Promise<StoredCounts> {
  const byState = await countByState(db);
  const { rows } = await sql<Record<Count, unknown>>`select
      (select count(*) from deliveries where unreadable_at is not null) +
        (select count(*) from delivery_events where unreadable_at is not null) as unreadable,
      (select count(*) from delivery_attempts
        where outcome in ('reserved', 'unknown') and outcome = 'unknown') as unknown,
      (select count(*) from delivery_events where set_aside_at is not null) as lost,
      (select count(*) from delivery_events where source = 'webhook' and applied_at is null
        and set_aside_at is null and unreadable_at is null) as unmatched,
      (select count(*) from delivery_events where dispatch = 'pending' and unreadable_at is null) as pending,
      (select count(*) from delivery_events where dispatch = 'set_aside') as aside`.execute(db);
  const [counts] = rows;
  return {
    byState,
    unknownAttempts: Number(counts?.unknown ?? 0),
    unmatched: Number(counts?.unmatched ?? 0),
    setAsideUnmatched: Number(counts?.lost ?? 0),
    pendingEvents: Number(counts?.pending ?? 0),
    setAsideEvents: Number(counts?.aside ?? 0),
    unreadable: Number(counts?.unreadable ?? 0),
  };
}

async function countByState(db: Kysely<DeliveriesSchema>): Promise<Record<DeliveryState, number>> {
  const rows = await db
    .selectFrom('deliveries')
    .select(['state', (count) => count.fn.countAll<number | string>().as('count')])
    .groupBy('state')
    .execute();
  const counts = new Map(rows.map(({ state, count }) => [state, Number(count)]));
  const all = DELIVERY_STATES.map((state) => [state, counts.get(state) ?? 0] as const);
  return Object.fromEntries(all) as Record<DeliveryState, number>;
}
