import type { Insertable, Selectable, Updateable } from 'kysely';
import { isRecord } from '../../internal/is-record.js';
import type { DeliveryEvent } from '../events/delivery-event.js';
import type { BookDeliveryDto } from '../dto/book-delivery.dto.js';
import {
  DELIVERY_STATES,
  type DeliveryProgress,
  type DeliverySnapshot,
  type DeliveryState,
} from '../domain/delivery-progress.js';
import type { DeliveriesTable, DeliveryEventsTable } from './sqlite/deliveries-schema.js';
import { readJson, UnreadableRow, type RowOfOurs } from './sqlite/unreadable-row.js';

/** What was asked for, as it is kept. */
export type BookedRequest = Omit<BookDeliveryDto, 'reference' | 'account'>;

/** A delivery as it stands in its row. */
export interface DeliveryRecord {
  readonly id: string;
  /** Empty for the default one. */
  readonly account: string;
  readonly reference: string;
  readonly requestHash: string;
  /** `undefined` once it has been erased. */
  readonly request: BookedRequest | undefined;
  readonly scheduleAt: number | undefined;
  readonly state: DeliveryState;
  readonly version: number;
  readonly dueAt: number | undefined;
  readonly leaseToken: string | undefined;
  readonly leaseUntil: number | undefined;
  readonly progress: DeliveryProgress;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** @throws UnreadableRow for a row that is damaged, or that this version has not written */
export function recordOf(row: Selectable<DeliveriesTable>): DeliveryRecord {
  const ours: RowOfOurs = { table: 'deliveries', id: row.id, reference: row.reference };
  for (const column of ['created_at', 'updated_at', 'version'] as const) refuseOtherThanTime(row[column], ours, column);
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

/** The row of a delivery that is taken in. */
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

/** What has changed of a row, and nothing else: SQLite writes an index anew for a column that is set to what it is. */
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
  if (after.dueAt !== before.dueAt) changed.due_at = after.dueAt ?? null;
  if (after.leaseToken !== before.leaseToken) {
    changed.lease_token = after.leaseToken ?? null;
    changed.lease_until = after.leaseUntil ?? null;
  }
  return changed;
}

/** What decisions are about. */
export function snapshotOf(
  { state, progress, scheduleAt }: DeliveryRecord,
  unmatched: readonly string[],
): DeliverySnapshot {
  return { state, progress, scheduleAt, unmatched };
}

/** A delivery as its host sees it. Secrets are nowhere in it, names and addresses neither. */
export interface Delivery {
  readonly reference: string;
  /** `undefined` for the default account. */
  readonly account: string | undefined;
  readonly state: DeliveryState;
  /** Why it needs attention, or has failed. */
  readonly reason: DeliveryProgress['reason'];
  /** The live order, or the last one. */
  readonly orderId: string | undefined;
  /** Lalamove's own status of it. */
  readonly orderStatus: string | undefined;
  readonly driverId: string | undefined;
  /** Orders beside it that may be on their way: of attempts that were given up, and turned up late. */
  readonly duplicateOrders: readonly { readonly orderId: string; readonly orderStatus: string }[];
  /** An opaque URL where the recipient can follow the order. */
  readonly shareLink: string | undefined;
  /** What it costs, or would cost: decimal string, priority fee included. */
  readonly price: { readonly total: string; readonly currency: string } | undefined;
  /** How many orders have been placed for it, or may have been. */
  readonly attempts: number;
  /** Whether a cancellation was asked for; `refused` where Lalamove did not allow it any more. */
  readonly cancellation: 'none' | 'asked' | 'refused';
  readonly metadata: Readonly<Record<string, string>>;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
  /** When it is looked at again: ISO 8601; `undefined` where nothing is to be done. */
  readonly dueAt: string | undefined;
}

/** What the host sees of a record. */
export function deliveryOf(record: DeliveryRecord): Delivery {
  const { progress, request } = record;
  const { order, quotation } = progress;
  const price = order && order.total !== '' ? order : quotation;
  return {
    reference: record.reference,
    account: record.account === '' ? undefined : record.account,
    state: record.state,
    reason: progress.reason,
    orderId: order?.orderId,
    orderStatus: order?.status,
    driverId: order?.driverId === '' ? undefined : order?.driverId,
    duplicateOrders: (progress.duplicates ?? []).map(({ order: { orderId, status } }) => ({
      orderId,
      orderStatus: status,
    })),
    shareLink: order?.shareLink === '' ? undefined : order?.shareLink,
    price: price && { total: price.total, currency: price.currency },
    attempts: progress.booked,
    cancellation: progress.cancelAskedAt === undefined ? 'none' : progress.cancelRefused ? 'refused' : 'asked',
    metadata: request?.metadata ?? {},
    createdAt: new Date(record.createdAt).toISOString(),
    updatedAt: new Date(record.updatedAt).toISOString(),
    dueAt: record.dueAt === undefined ? undefined : new Date(record.dueAt).toISOString(),
  };
}

/**
 * An event of a delivery, from its row.
 *
 * @throws UnreadableRow for a row that is damaged, or that this version has not written
 */
export function deliveryEventOf(
  row: Pick<Selectable<DeliveryEventsTable>, 'id' | 'payload' | 'occurred_at'>,
  { reference, account }: Pick<DeliveryRecord, 'reference' | 'account'>,
): DeliveryEvent {
  const ours: RowOfOurs = { table: 'delivery_events', id: row.id };
  refuseOtherThanTime(row.occurred_at, ours, 'occurred_at');
  const details = readJson(row.payload, isEventPayload, ours, 'payload');
  return {
    ...details,
    id: row.id,
    reference,
    account: account === '' ? undefined : account,
    at: new Date(row.occurred_at).toISOString(),
  };
}

function isEventPayload(value: unknown): value is DeliveryEvent {
  return isRecord(value) && typeof value.type === 'string' && typeof value.state === 'string';
}

function stateOf(text: string, row: RowOfOurs): DeliveryState {
  const state = DELIVERY_STATES.find((known) => known === text);
  if (state !== undefined) return state;
  throw new UnreadableRow(row, `its state ${JSON.stringify(text)} is none that this version knows`);
}

/** SQLite keeps a text in a column of numbers, too. */
function refuseOtherThanTime(value: unknown, row: RowOfOurs, column: string): void {
  if (typeof value !== 'number' || !(Math.abs(value) <= LAST_TIME)) {
    throw new UnreadableRow(row, `its ${column} is no number of ms`);
  }
}

/** The last time that a Date can hold. */
const LAST_TIME = 8.64e15;

function isRequest(value: unknown): value is BookedRequest {
  return isRecord(value) && isRecord(value.quotation) && isRecord(value.sender) && Array.isArray(value.recipients);
}

function isProgress(value: unknown): value is DeliveryProgress {
  if (!isRecord(value) || typeof value.booked !== 'number' || typeof value.failures !== 'number') return false;
  return [value.quotation, value.attempt, value.order].every((part) => part === undefined || isRecord(part));
}
