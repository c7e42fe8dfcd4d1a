import { sql } from 'kysely';
import type { PendingEvent } from '../outbox-storage.js';
import { IS_PENDING, IS_READABLE, type DeliveriesKysely } from './deliveries-schema.js';

/** The columns of an event that waits for its handlers. */
export interface PendingRow {
  readonly id: number;
  readonly source: string;
  readonly payload: string;
  readonly occurred_at: number;
  readonly handled_by: string;
  readonly tries: number;
  readonly blocked_on: string | null;
  readonly account: string;
  readonly reference: string | null;
}

/** Converts the row of an event that waits for its handlers. */
export function pendingEvent(row: PendingRow): PendingEvent {
  return {
    id: row.id,
    source: row.source === 'webhook' ? 'webhook' : 'delivery',
    payload: row.payload,
    occurredAt: row.occurred_at,
    handledBy: namesIn(row.handled_by),
    tries: row.tries,
    blockedOn: row.blocked_on ?? undefined,
    reference: row.reference ?? undefined,
    account: row.account,
  };
}

/** The time of the next try of an event that waits for no slot, if it is later than now: Unix ms. */
export async function nextTryAfter(db: DeliveriesKysely, now: number): Promise<number | undefined> {
  const next = await db
    .selectFrom('delivery_events')
    .select('next_try_at')
    .where(IS_PENDING)
    .where('blocked_on', 'is', null)
    .where(IS_READABLE)
    .where('next_try_at', '>', now)
    .orderBy('next_try_at')
    .limit(sql.lit(1))
    .executeTakeFirst();
  return next?.next_try_at ?? undefined;
}

/** An unreadable list counts as empty: a handler may get an event twice, but must not miss it. */
function namesIn(json: string): string[] {
  try {
    const names: unknown = JSON.parse(json);
    return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
  } catch {
    return [];
  }
}
