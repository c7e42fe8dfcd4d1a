import type { DeliveriesTable, DeliveryAttemptsTable, DeliveryEventsTable } from '../sql/deliveries-schema.js';

/** The type of a column in PostgreSQL. */
export type ColumnType = 'text' | 'integer' | 'bigint';

/** A table that is copied. */
export interface CopiedTable {
  readonly name: 'deliveries' | 'delivery_attempts' | 'delivery_events';
  /** The columns in the order of a {@link CopiedRow}. The first one is `id`. */
  readonly columns: readonly (readonly [name: string, type: ColumnType])[];
}

/** The values of a row as text, in the order of the columns. */
export type CopiedRow = readonly (string | null)[];

/** Makes the compiler reject a table with a missing column. */
type ColumnsOf<Table, NotCopied extends keyof Table = never> = Readonly<
  Record<Exclude<keyof Table, NotCopied>, ColumnType>
>;

/** Without the lease: it belongs to a process, and the app is stopped. */
const DELIVERIES: ColumnsOf<DeliveriesTable, 'lease_token' | 'lease_until'> = {
  id: 'text',
  account: 'text',
  reference: 'text',
  request_hash: 'text',
  request: 'text',
  schedule_at: 'bigint',
  state: 'text',
  version: 'integer',
  due_at: 'bigint',
  order_id: 'text',
  progress: 'text',
  created_at: 'bigint',
  updated_at: 'bigint',
  unreadable_at: 'bigint',
};

const ATTEMPTS: ColumnsOf<DeliveryAttemptsTable> = {
  id: 'text',
  delivery_id: 'text',
  account: 'text',
  number: 'integer',
  quotation_id: 'text',
  order_id: 'text',
  outcome: 'text',
  total: 'text',
  currency: 'text',
  reserved_at: 'bigint',
  settled_at: 'bigint',
};

const EVENTS: ColumnsOf<DeliveryEventsTable> = {
  id: 'bigint',
  delivery_id: 'text',
  account: 'text',
  source: 'text',
  type: 'text',
  fingerprint: 'text',
  repeat_key: 'text',
  order_id: 'text',
  quotation_id: 'text',
  occurred_at: 'bigint',
  received_at: 'bigint',
  payload: 'text',
  applied_at: 'bigint',
  set_aside_at: 'bigint',
  dispatch: 'text',
  handled_by: 'text',
  tries: 'integer',
  next_try_at: 'bigint',
  error: 'text',
  look_at: 'bigint',
  blocked_on: 'text',
  unreadable_at: 'bigint',
};

/** The tables that are copied, with their columns. */
export const COPIED_TABLES: readonly CopiedTable[] = [
  { name: 'deliveries', columns: Object.entries(DELIVERIES) },
  { name: 'delivery_attempts', columns: Object.entries(ATTEMPTS) },
  { name: 'delivery_events', columns: Object.entries(EVENTS) },
];

/** The maximum number of rows in memory at a time. */
export const BATCH = 1000;
