import type { Insertable, Selectable, Updateable } from 'kysely';
import { isRecord } from '../../../internal/is-record.js';
import { DELIVERY_STATES, type DeliveryProgress, type DeliveryState } from '../../domain/delivery-progress.js';
import type { BookedRequest, DeliveryRecord } from '../delivery-record.js';
import { assertTime, readJson, UnreadableRow, type StoredRow } from '../unreadable-row.js';
import type { DeliveriesTable } from './deliveries-schema.js';

/** @throws UnreadableRow if the row is damaged, or another version wrote it */
export function recordOf(row: Selectable<DeliveriesTable>): DeliveryRecord {
  const ours: StoredRow = { table: 'deliveries', id: row.id, reference: row.reference };
  for (const column of ['created_at', 'updated_at', 'version'] as const) assertTime(row[column], ours, column);
  return {
    id: row.id,
    account: row.account,
    reference: row.reference,
    requestHash: row.request_hash,
    request: row.request === null ? undefined : readJson(row.request, isRequest, ours, 'request'),
    scheduleAt: row.schedule_at ?? undefined,
    state: stateOf(row.state, ours),
    version: row.version,
    dueAt: row.due_at ?? undefined,
    leaseToken: row.lease_token ?? undefined,
    leaseUntil: row.lease_until ?? undefined,
    progress: readJson(row.progress, isProgress, ours, 'progress'),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** Builds the row of a new delivery. */
export function rowOf(record: DeliveryRecord): Insertable<DeliveriesTable> {
  return {
    id: record.id,
    account: record.account,
    reference: record.reference,
    request_hash: record.requestHash,
    request: JSON.stringify(record.request),
    schedule_at: record.scheduleAt ?? null,
    state: record.state,
    version: record.version,
    due_at: record.dueAt ?? null,
    progress: JSON.stringify(record.progress),
    created_at: record.createdAt,
    updated_at: record.updatedAt,
  };
}

/** Only the changed columns of a row: SQLite rewrites an index even if a column is set to its old value. */
export function changedColumns(before: DeliveryRecord, after: DeliveryRecord): Updateable<DeliveriesTable> {
  const changed: Updateable<DeliveriesTable> = {};
  if (after.version !== before.version) {
    changed.version = after.version;
    changed.progress = JSON.stringify(after.progress);
    changed.updated_at = after.updatedAt;
  }
  const orderId = after.progress.order?.orderId;
  if (orderId !== before.progress.order?.orderId) changed.order_id = orderId ?? null;
  if (after.state !== before.state) changed.state = after.state;
  if (after.request && after.request !== before.request) changed.request = JSON.stringify(after.request);
  if (after.scheduleAt !== before.scheduleAt) changed.schedule_at = after.scheduleAt ?? null;
  if (after.dueAt !== before.dueAt) changed.due_at = after.dueAt ?? null;
  if (after.leaseToken !== before.leaseToken || after.leaseUntil !== before.leaseUntil) {
    changed.lease_token = after.leaseToken ?? null;
    changed.lease_until = after.leaseUntil ?? null;
  }
  return changed;
}

function stateOf(text: string, row: StoredRow): DeliveryState {
  const state = DELIVERY_STATES.find((known) => known === text);
  if (state !== undefined) return state;
  throw new UnreadableRow(row, `its state ${JSON.stringify(text)} is none that this version knows`);
}

function isRequest(value: unknown): value is BookedRequest {
  return isRecord(value) && isRecord(value.quotation) && isRecord(value.sender) && Array.isArray(value.recipients);
}

function isProgress(value: unknown): value is DeliveryProgress {
  if (!isRecord(value) || typeof value.booked !== 'number' || typeof value.failures !== 'number') return false;
  return [value.quotation, value.attempt, value.order].every((part) => part === undefined || isRecord(part));
}
