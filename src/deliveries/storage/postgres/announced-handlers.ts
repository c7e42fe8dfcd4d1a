import { sql, type RawBuilder } from 'kysely';
import type { LeaseClock } from './lease-clock.js';
import type { PostgresTables } from './postgres-tables.js';

/** A type that no process has announced for this time, in ms, has no handlers any more: a day. */
export const ANNOUNCED_MS = 24 * 3_600_000;

/** Whether a process on the database has announced handlers for a type of event, as SQL. */
export function isAnnounced(
  { tables, leases }: { readonly tables: PostgresTables; readonly leases: LeaseClock },
  event: { readonly source: RawBuilder<string>; readonly type: RawBuilder<string> },
): RawBuilder<boolean> {
  return sql<boolean>`exists (select 1 from ${tables.handlers} h
    where h.source = ${event.source} and h.type in ('*', ${event.type})
      and h.seen_at > ${leases.sql} - ${sql.lit(ANNOUNCED_MS)}::bigint)`;
}
