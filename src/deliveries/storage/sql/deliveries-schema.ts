import { sql, type ColumnType, type Generated, type Kysely, type SqlBool, type Transaction } from 'kysely';

/** A delivery: its request, its state and its lease. */
export interface DeliveriesTable {
  /** A UUID. */
  id: string;
  /** Empty for the default account. */
  account: string;
  /** The host's own id of the item to deliver; unique within the account. */
  reference: string;
  /** SHA-256 of the request. It detects a second request with the same reference but other contents. */
  request_hash: string;
  /** The request as JSON; `null` after an erasure. */
  request: string | null;
  /** Unix ms of the requested pick-up; `null` for an immediate one. */
  schedule_at: number | null;
  state: string;
  /** Increases with each change. */
  version: number;
  /** Unix ms of the next action; `null` if there is none. */
  due_at: number | null;
  /** The lease token of the worker; `null` if no worker holds the lease. */
  lease_token: string | null;
  /** Unix ms at which the lease expires. */
  lease_until: number | null;
  /** The live order. */
  order_id: string | null;
  /** All other progress, as JSON. */
  progress: string;
  /** Unix ms. */
  created_at: number;
  updated_at: number;
  /** Unix ms at which the row was found unreadable. Workers skip it until the next start. */
  unreadable_at: number | null;
}

/** An attempt to place an order. Its row is committed before the order is posted. */
export interface DeliveryAttemptsTable {
  /** The id of the delivery and a UUID. The metadata of the order contain it. */
  id: string;
  delivery_id: string;
  account: string;
  number: number;
  /** Each attempt has its own quotation. */
  quotation_id: string;
  order_id: string | null;
  /** `reserved`, `placed`, `refused`, `unknown`, `abandoned`, `replaced`. */
  outcome: string;
  total: string;
  currency: string;
  reserved_at: number;
  settled_at: number | null;
}

/**
 * The timeline of deliveries. It is also the inbox of webhooks and the outbox. Rows are only added; later changes
 * affect only the columns about their processing.
 */
export interface DeliveryEventsTable {
  id: Generated<number>;
  /** `null` for a webhook of an unknown order. */
  delivery_id: string | null;
  account: string;
  /** `webhook`, `delivery`, or `repetition` for a row with only the keys of a duplicate webhook. */
  source: string;
  type: string;
  /** For a webhook: a hash of its signature. */
  fingerprint: string | null;
  /** For a webhook: its id with a hash of its data. */
  repeat_key: string | null;
  /** The order of a webhook. */
  order_id: string | null;
  /** The quotation of the order, if the order was read to find its delivery. */
  quotation_id: string | null;
  /** Unix ms of the signed timestamp. */
  occurred_at: number;
  received_at: number;
  /** As JSON. */
  payload: string;
  /** Unix ms at which a webhook was applied. */
  applied_at: number | null;
  /** Unix ms at which a webhook was set aside, because its order was unknown. */
  set_aside_at: number | null;
  /** The status of the dispatch to handlers: `none`, `pending`, `done`, `set_aside`. */
  dispatch: string;
  /** The handlers that have completed the event, as a JSON list of names. */
  handled_by: ColumnType<string, string | undefined, string>;
  tries: ColumnType<number, number | undefined, number>;
  next_try_at: number | null;
  /** The message of the last failure. */
  error: string | null;
  /**
   * Unix ms at which the sweep checks this unmatched webhook. It is set if the webhook's metadata contain an attempt id
   * and the webhook is not yet applied. `null` for all others: only their order id can match them.
   */
  look_at: number | null;
  /** A pending event waits for a free slot of this handler. */
  blocked_on: string | null;
  /** Unix ms at which the row was found unreadable. It is skipped until the next start. */
  unreadable_at: number | null;
}

/** The three tables, and the table of completed migrations. */
export interface DeliveriesSchema {
  deliveries: DeliveriesTable;
  delivery_attempts: DeliveryAttemptsTable;
  delivery_events: DeliveryEventsTable;
}

/** The tables of deliveries, for the host's own queries. */
export type DeliveriesKysely = Kysely<DeliveriesSchema>;

/** A transaction on the tables of deliveries. */
export type DeliveriesTransaction = Transaction<DeliveriesSchema>;

/**
 * Webhooks that are not yet applied. The text must equal the condition of their indexes: SQLite uses a partial index
 * only for the same condition, and not if it has parameters.
 */
export const IS_WAITING = sql<SqlBool>`source = 'webhook' and applied_at is null and set_aside_at is null`;

/** Unmatched webhooks with their own check time. The text must equal the index condition. */
export const IS_TO_LOOK_AT = sql<SqlBool>`source = 'webhook' and applied_at is null and set_aside_at is null
  and look_at is not null`;

/** Unmatched webhooks with an order that was not read yet. The text must equal the index condition. */
export const IS_UNIDENTIFIED = sql<SqlBool>`source = 'webhook' and applied_at is null and set_aside_at is null
  and order_id is not null and quotation_id is null`;

/** Attempts with an order that may still appear. The text must equal the index condition. */
export const IS_GIVEN_UP = sql<SqlBool>`outcome in ('unknown', 'abandoned')`;

/** Attempts of unknown outcome. The first condition equals that of the index. */
export const IS_UNKNOWN = sql<SqlBool>`outcome in ('unknown', 'abandoned') and outcome = 'unknown'`;

/** Attempts that were given up. The first condition equals that of the index. */
export const IS_ABANDONED = sql<SqlBool>`outcome in ('unknown', 'abandoned') and outcome = 'abandoned'`;

/** Deliveries that have ended and are not yet erased. The text must equal the index condition. */
export const IS_KEPT = sql<SqlBool>`request is not null and state in ('completed', 'canceled', 'failed')`;

/** Events that wait for their handlers. The text must equal the index condition. */
export const IS_PENDING = sql<SqlBool>`dispatch = 'pending'`;

/** Rows that are not marked as unreadable. */
export const IS_READABLE = sql<SqlBool>`unreadable_at is null`;
