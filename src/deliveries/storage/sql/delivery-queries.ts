import { sql, type Kysely, type RawBuilder, type Selectable, type SelectQueryBuilder, type SqlBool } from 'kysely';
import { isWellFormed } from '../../../internal/well-formed.js';
import type { ListQuery } from '../../dto/method-inputs.js';
import type { DeliveryRecord } from '../delivery-record.js';
import type { DueDelivery, ListedDelivery, StoredEvent, StoredPage } from '../stored-types.js';
import { UnreadableRow } from '../unreadable-row.js';
import {
  IS_READABLE,
  type DeliveriesSchema,
  type DeliveriesTable,
  type DeliveryEventsTable,
} from './deliveries-schema.js';
import { recordOf } from './delivery-rows.js';

type Db = Kysely<DeliveriesSchema>;

/** Finds a delivery by its reference. */
export async function findDelivery(db: Db, account: string, reference: string): Promise<DeliveryRecord | undefined> {
  // UTF-8 would change this text, and the result may equal another delivery's reference.
  if (!isWellFormed(account) || !isWellFormed(reference)) return undefined;
  const row = await db
    .selectFrom('deliveries')
    .selectAll()
    .where('account', '=', account)
    .where('reference', '=', reference)
    .executeTakeFirst();
  return row && recordOf(row);
}

/** Finds a delivery by its id. */
export async function deliveryById(db: Db, id: string): Promise<DeliveryRecord | undefined> {
  const row = await db.selectFrom('deliveries').selectAll().where('id', '=', id).executeTakeFirst();
  return row && recordOf(row);
}

/** Returns a page of deliveries, the oldest first. */
export async function listDeliveries(db: Db, { state, account, after, limit }: ListQuery): Promise<StoredPage> {
  let rows = db.selectFrom('deliveries').selectAll();
  if (state !== undefined) rows = rows.where('state', '=', state);
  if (account !== undefined) rows = rows.where('account', '=', account);
  if (after) {
    // A comparison of rows starts in the index at this place. With `or`, the index would be read from its start.
    rows = rows.where(sql<SqlBool>`(created_at, id) > (${after.createdAt}, ${after.id})`);
  }
  // One extra row shows whether there is a next page.
  const found = await rows
    .orderBy('created_at')
    .orderBy('id')
    .limit(limit + 1)
    .execute();
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const next = found.length > limit && last ? { createdAt: last.created_at, id: last.id } : undefined;
  return { entries: page.map(listedDelivery), next };
}

/** A row of a list. An unreadable row is an entry too. */
export function listedDelivery(row: Selectable<DeliveriesTable>): ListedDelivery {
  try {
    return { record: recordOf(row) };
  } catch (error) {
    if (!(error instanceof UnreadableRow)) throw error;
    const place = { createdAt: row.created_at, id: row.id };
    return { error, account: row.account, reference: row.reference, place };
  }
}

/** All stored events of a delivery, in the order of the writes. */
export async function timelineOf(db: Db, deliveryId: string): Promise<StoredEvent[]> {
  const rows = await eventsOf(db, deliveryId).execute();
  return rows.map(storedEvent);
}

/** The own events of a delivery after an event, in the order of the writes. */
export async function eventsAfter(db: Db, deliveryId: string, eventId: number): Promise<StoredEvent[]> {
  const rows = await eventsOf(db, deliveryId).where('id', '>', eventId).where('source', '=', 'delivery').execute();
  return rows.map(storedEvent);
}

/** The id of the last event of a delivery; 0 if it has none. */
export async function lastEventId(db: Db, deliveryId: string): Promise<number> {
  const last = await db
    .selectFrom('delivery_events')
    .select('id')
    .where('delivery_id', '=', deliveryId)
    .orderBy('id', 'desc')
    .limit(sql.lit(1))
    .executeTakeFirst();
  return last?.id ?? 0;
}

function eventsOf(
  db: Db,
  deliveryId: string,
): SelectQueryBuilder<DeliveriesSchema, 'delivery_events', Selectable<DeliveryEventsTable>> {
  return db.selectFrom('delivery_events').selectAll().where('delivery_id', '=', deliveryId).orderBy('id');
}

function storedEvent(row: Selectable<DeliveryEventsTable>): StoredEvent {
  return {
    id: row.id,
    type: row.type,
    payload: row.payload,
    source: row.source === 'delivery' ? 'delivery' : 'webhook',
    orderId: row.order_id ?? undefined,
    occurredAt: row.occurred_at,
    receivedAt: row.received_at,
  };
}

/** The time of the longest overdue delivery without an active lease, in Unix ms. */
export async function oldestDue(db: Db, by: number, now: RawBuilder<number>): Promise<number | undefined> {
  const oldest = await db
    .selectFrom('deliveries')
    .select('due_at')
    .where('due_at', '<=', by)
    .where(IS_READABLE)
    .where((where) => where.or([where('lease_until', 'is', null), where('lease_until', '<=', now)]))
    .orderBy('due_at')
    .orderBy('id')
    .limit(sql.lit(1))
    .executeTakeFirst();
  return oldest?.due_at ?? undefined;
}

/** Releases a lease and sets when the delivery is due, if the delivery still has this lease. */
export async function postponeDelivery(db: Db, id: string, token: string, until: number): Promise<void> {
  await db
    .updateTable('deliveries')
    .set({ lease_token: null, lease_until: null, due_at: until })
    .where('id', '=', id)
    .where('lease_token', '=', token)
    .execute();
}

/** Deliveries without an active lease that are due at a time. */
export async function dueDeliveries(
  db: Db,
  { by, limit, after, now }: { by: number; limit: number; after: DueDelivery | undefined; now: number },
): Promise<DueDelivery[]> {
  let due = db
    .selectFrom('deliveries')
    .select(['id', 'due_at'])
    .where('due_at', '<=', by)
    .where(IS_READABLE)
    .where((where) => where.or([where('lease_until', 'is', null), where('lease_until', '<=', now)]));
  if (after) due = due.where(sql<SqlBool>`(due_at, id) > (${after.dueAt}, ${after.id})`);
  const rows = await due.orderBy('due_at').orderBy('id').limit(limit).execute();
  return rows.map(({ id, due_at: dueAt }) => ({ id, dueAt: dueAt ?? by }));
}
