import { randomUUID } from 'node:crypto';
import { sql, type Kysely, type Migration, type RawBuilder } from 'kysely';
import type { PostgresTables } from './postgres-tables.js';

/** Creates the tables. Times are Unix ms. The columns are described in `sql/deliveries-schema.ts`. */
export function firstPostgresMigration(tables: PostgresTables): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      const statements = [
        ...deliveriesTable(tables),
        ...attemptsTable(tables),
        ...eventsTable(tables),
        ...processTables(tables),
      ];
      for (const statement of statements) await statement.execute(db);
    },
  };
}

function deliveriesTable({ deliveries }: PostgresTables): RawBuilder<unknown>[] {
  return [
    // Space for the changes of a row on its page, so that indexes do not change with it.
    sql`create table ${deliveries} (
      id text primary key,
      account text not null,
      reference text not null,
      request_hash text not null,
      request text,
      schedule_at bigint,
      state text not null,
      version integer not null,
      due_at bigint,
      lease_token text,
      lease_until bigint,
      order_id text,
      progress text not null,
      created_at bigint not null,
      updated_at bigint not null,
      unreadable_at bigint,
      swept_by text,
      swept_until bigint,
      constraint deliveries_reference unique (account, reference)
    ) with (fillfactor = 80)`,
    sql`create index deliveries_due on ${deliveries} (due_at, id) where due_at is not null`,
    sql`create index deliveries_listed on ${deliveries} (created_at, id)`,
    sql`create index deliveries_state on ${deliveries} (state, created_at, id)`,
    sql`create index deliveries_of_account on ${deliveries} (account, created_at, id)`,
    sql`create index deliveries_kept on ${deliveries} (updated_at)
      where request is not null and state in ('completed', 'canceled', 'failed')`,
    sql`create index deliveries_unreadable on ${deliveries} (id) where unreadable_at is not null`,
  ];
}

function attemptsTable({ attempts }: PostgresTables): RawBuilder<unknown>[] {
  return [
    sql`create table ${attempts} (
      id text primary key,
      delivery_id text not null,
      account text not null,
      number integer not null,
      quotation_id text not null,
      order_id text,
      outcome text not null,
      total text not null,
      currency text not null,
      reserved_at bigint not null,
      settled_at bigint
    )`,
    sql`create index attempts_delivery on ${attempts} (delivery_id)`,
    sql`create index attempts_quotation on ${attempts} (account, quotation_id)`,
    sql`create unique index attempts_order on ${attempts} (account, order_id) where order_id is not null`,
    sql`create index attempts_given_up on ${attempts} (outcome, account, reserved_at)
      where outcome in ('unknown', 'abandoned')`,
  ];
}

function eventsTable({ events }: PostgresTables): RawBuilder<unknown>[] {
  const waiting = sql`source = 'webhook' and applied_at is null and set_aside_at is null`;
  return [
    sql`create table ${events} (
      id bigint generated always as identity primary key,
      delivery_id text,
      account text not null,
      source text not null,
      type text not null,
      fingerprint text,
      repeat_key text,
      order_id text,
      quotation_id text,
      occurred_at bigint not null,
      received_at bigint not null,
      payload text not null,
      applied_at bigint,
      set_aside_at bigint,
      dispatch text not null,
      handled_by text not null default '[]',
      tries integer not null default 0,
      next_try_at bigint,
      error text,
      look_at bigint,
      blocked_on text,
      unreadable_at bigint,
      dispatch_by text,
      dispatch_until bigint
    ) with (fillfactor = 90)`,
    sql`create unique index events_fingerprint on ${events} (fingerprint) where fingerprint is not null`,
    sql`create unique index events_repeat on ${events} (repeat_key) where repeat_key is not null`,
    sql`create index events_delivery on ${events} (delivery_id, id) where delivery_id is not null`,
    sql`create index events_waiting on ${events} (account, order_id) where ${waiting}`,
    sql`create index events_waiting_since on ${events} (received_at, id) where ${waiting}`,
    sql`create index events_to_look_at on ${events} (look_at, id) where ${waiting} and look_at is not null`,
    sql`create index events_unidentified on ${events} (account, received_at, id)
      where ${waiting} and order_id is not null and quotation_id is null`,
    sql`create index events_lost on ${events} (set_aside_at) where set_aside_at is not null`,
    sql`create index events_aside on ${events} (id) where dispatch = 'set_aside'`,
    // Two indexes: `blocked_on is null` on a common one would not give the order of the next tries.
    sql`create index events_open on ${events} (next_try_at, id) where dispatch = 'pending' and blocked_on is null`,
    sql`create index events_blocked on ${events} (blocked_on, next_try_at, id)
      where dispatch = 'pending' and blocked_on is not null`,
    sql`create index events_in_order on ${events} (delivery_id, id) where dispatch = 'pending'`,
    sql`create index events_unreadable on ${events} (id) where unreadable_at is not null`,
  ];
}

function processTables({ handlers, reads, identity }: PostgresTables): RawBuilder<unknown>[] {
  return [
    sql`create table ${handlers} (
      source text not null,
      type text not null,
      seen_at bigint not null,
      primary key (source, type)
    )`,
    sql`create table ${reads} (
      account text not null,
      order_id text not null,
      claimed_by text not null,
      claimed_until bigint not null,
      primary key (account, order_id)
    )`,
    sql`create table ${identity} (database_id text not null, origin text)`,
    sql`insert into ${identity} (database_id) values (${randomUUID()})`,
  ];
}
