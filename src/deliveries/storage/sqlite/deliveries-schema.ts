import { sql, type ColumnType, type Generated, type Kysely, type SqlBool, type Transaction } from 'kysely';

/** A delivery: what was asked for, where it stands, and who works on it. */
export interface DeliveriesTable {
  /** A UUID. */
  id: string;
  /** Empty for the default account. */
  account: string;
  /** The host's own id of the thing to deliver; unique within the account. */
  reference: string;
  /** SHA-256 of what was asked for: the same reference must not ask for something else. */
  request_hash: string;
  /** What was asked for, as JSON; `null` once it has been erased. */
  request: string | null;
  /** Unix ms of the pick-up that was asked for; `null` for at once. */
  schedule_at: number | null;
  state: string;
  /** Grows with each change. */
  version: number;
  /** Unix ms at which something is to be done; `null` if nothing is. */
  due_at: number | null;
  /** Who works on it; `null` while nobody does. */
  lease_token: string | null;
  /** Unix ms after which it is anybody's. */
  lease_until: number | null;
  /** The live order. */
  order_id: string | null;
  /** All else that is known of it, as JSON. */
  progress: string;
  /** Unix ms. */
  created_at: number;
  updated_at: number;
  /** Unix ms at which it was found that this row cannot be read; it is not worked on until the next start. */
  unreadable_at: number | null;
}

/** An attempt to place an order: its row is committed before the order is posted. */
export interface DeliveryAttemptsTable {
  /** A UUID; it travels in the metadata of the order. */
  id: string;
  delivery_id: string;
  account: string;
  number: number;
  /** Each attempt has a quotation of its own. */
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
 * The timeline of deliveries, which is the inbox of webhooks and the outbox as well. Rows are added; nothing of them is
 * changed but what has become of their handling.
 */
export interface DeliveryEventsTable {
  id: Generated<number>;
  /** `null` for a webhook of an order that nobody here knows (yet). */
  delivery_id: string | null;
  account: string;
  /** `webhook`, `delivery`, or `repetition` for the keys alone of a webhook that came again. */
  source: string;
  type: string;
  /** Of a webhook: a hash of its signature. */
  fingerprint: string | null;
  /** Of a webhook: its id with a hash of its data. */
  repeat_key: string | null;
  /** The order that a webhook is about. */
  order_id: string | null;
  /** The order's quotation, once the order was read to find out whose it is. */
  quotation_id: string | null;
  /** Unix ms, by the signed timestamp. */
  occurred_at: number;
  received_at: number;
  /** As JSON. */
  payload: string;
  /** Unix ms at which a webhook took its effect. */
  applied_at: number | null;
  /** Unix ms at which a webhook was set aside, because nobody knew its order. */
  set_aside_at: number | null;
  /** Whether handlers are to have it: `none`, `pending`, `done`, `set_aside`. */
  dispatch: string;
  /** The handlers that have had it, as a JSON list of names. */
  handled_by: ColumnType<string, string | undefined, string>;
  tries: ColumnType<number, number | undefined, number>;
  next_try_at: number | null;
  /** What the last failure said. */
  error: string | null;
  /**
   * Unix ms at which an unmatched webhook is looked at by itself: its metadata name an attempt, and it has not taken
   * its effect yet. `null` for all others: they are matched by their order alone.
   */
  look_at: number | null;
  /** The handler for a free place of which a pending event waits. */
  blocked_on: string | null;
  /** Unix ms at which it was found that this row cannot be read; it is left alone until the next start. */
  unreadable_at: number | null;
}

/** The three tables, and the one that says which migrations have run. */
export interface DeliveriesSchema {
  deliveries: DeliveriesTable;
  delivery_attempts: DeliveryAttemptsTable;
  delivery_events: DeliveryEventsTable;
}

/** The tables of deliveries, for queries of the host's own. */
export type DeliveriesKysely = Kysely<DeliveriesSchema>;

/** A transaction on the tables of deliveries. */
export type DeliveriesTransaction = Transaction<DeliveriesSchema>;

/**
 * Webhooks that were not applied yet. Word for word the condition of their indexes: SQLite uses a partial index for
 * that condition alone, and not if it has parameters.
 */
export const IS_WAITING = sql<SqlBool>`source = 'webhook' and applied_at is null and set_aside_at is null`;

/** Unmatched webhooks that are looked at by themselves; word for word, too. */
export const IS_TO_LOOK_AT = sql<SqlBool>`source = 'webhook' and applied_at is null and set_aside_at is null
  and look_at is not null`;

/** Unmatched webhooks whose order nobody has read yet; word for word, too. */
export const IS_UNIDENTIFIED = sql<SqlBool>`source = 'webhook' and applied_at is null and set_aside_at is null
  and order_id is not null and quotation_id is null`;

/** Attempts of which an order may turn up yet; word for word, too. */
export const IS_GIVEN_UP = sql<SqlBool>`outcome in ('unknown', 'abandoned')`;

/** Deliveries that have ended and are not erased yet; word for word, too. */
export const IS_KEPT = sql<SqlBool>`request is not null and state in ('completed', 'canceled', 'failed')`;

/** Events that wait for their handlers; word for word, too. */
export const IS_PENDING = sql<SqlBool>`dispatch = 'pending'`;

/** Rows that nobody has found unreadable. */
export const IS_READABLE = sql<SqlBool>`unreadable_at is null`;

/** Attempts of deliveries that nobody has found unreadable. */
export const IS_OF_READABLE_DELIVERY = sql<SqlBool>`not exists (
  select 1 from deliveries d where d.id = delivery_id and d.unreadable_at is not null)`;
