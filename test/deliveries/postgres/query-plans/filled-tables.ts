import type { Client } from 'pg';
import { rowOf } from '../../../../src/deliveries/storage/sql/delivery-rows.js';
import { factsOf } from '../../../webhooks/event-samples.js';
import { recordNamed } from '../../delivery-rows.js';

/** The span of time over which the deliveries were booked, in ms: 30 days. */
const SPAN_MS = 30 * 24 * 3_600_000;

/** How many deliveries one statement inserts. */
const BATCH = 100_000;

/** What the tables contain. */
export interface Contents {
  readonly deliveries: number;
  /** The newest ones. */
  readonly unfinished: number;
  /** How many rows of each kind wait for something: unmatched webhooks, events for handlers, damaged rows. */
  readonly backlog: number;
  /** Unix ms. */
  readonly now: number;
}

/** The id of the delivery with a number, as SQL. Ids are random, so that they are spread over the indexes. */
export const idOf = (number: string): string => `md5('delivery ' || ${number})::uuid::text`;

/**
 * Fills the tables as an app does in a month: most deliveries have ended, half of those are erased, the newest are in
 * all states.
 */
export async function fillTables(client: Client, contents: Contents): Promise<void> {
  const { deliveries } = contents;
  for (const table of ['deliveries', 'delivery_attempts', 'delivery_events']) {
    await client.query(`alter table ${table} set unlogged`);
  }
  for (let from = 1; from <= deliveries; from += BATCH) {
    const to = Math.min(deliveries, from + BATCH - 1);
    await insertDeliveries(client, contents, [from, to]);
    await insertAttempts(client, contents, [from, to]);
    await insertEvents(client, contents, [from, to]);
  }
  await insertUnmatched(client, contents);
  await insertBacklog(client, contents);
  await client.query(
    'vacuum analyze deliveries, delivery_attempts, delivery_events, delivery_reads, delivery_handlers',
  );
}

type Range = readonly [from: number, to: number];

/** The time of the booking of the delivery `i`, as SQL. */
function bookedAt({ deliveries, now }: Contents): string {
  return `(${now - SPAN_MS} + i * ${SPAN_MS / deliveries})::bigint`;
}

const accountOf = (number: string): string =>
  `case when ${number} % 10 < 7 then '' else 'shop-' || (${number} % 100) % 9 end`;

async function insertDeliveries(client: Client, contents: Contents, [from, to]: Range): Promise<void> {
  const { deliveries, unfinished, now } = contents;
  const order = { orderId: '1', status: 'ON_GOING', statusAt: 1, readAt: 0, placedAt: 1, driverId: '' };
  const unknown = { driverSince: 0, total: '213.00', priorityFee: '', currency: 'HKD', shareLink: 'https://share' };
  const { request, progress } = rowOf(recordNamed('A', now, { progress: { order: { ...order, ...unknown } } }));
  const states = ['requested', 'quoting', 'booking', 'assigning', 'on_going', 'picked_up', 'needs_attention'];
  await client.query(
    `insert into deliveries (id, account, reference, request_hash, request, state, version, due_at, lease_token,
       lease_until, order_id, progress, created_at, updated_at, swept_by, swept_until)
     select ${idOf('i')}, ${accountOf('i')}, 'ref-' || i, md5(i::text),
       case when isEnded and i < ${deliveries / 2} then null else $1 end,
       case when not isEnded then ($3::text[])[(1 + i % 7)::int]
         when percent < 90 then 'completed' when percent < 97 then 'canceled' else 'failed' end,
       9, case when not isEnded and i % 7 < 6 then ${now} + ((i % 1000) - 200) * 5000 end,
       case when isLeased then 'a token' end, case when isLeased then ${now} + 600000 end, 'order-' || i, $2, at,
       at + case when isEnded then 3600000 else 0 end,
       case when not isEnded and i % 20 = 1 then 'another process' end,
       case when not isEnded and i % 20 = 1 then ${now} + 600000 end
     from (select i, i <= ${deliveries - unfinished} as isEnded, ${bookedAt(contents)} as at,
       i > ${deliveries - unfinished} and i % 20 = 0 as isLeased, i * 2654435761 % 4294967296 / 42949673 as percent
       from generate_series(${from}::bigint, ${to}::bigint) i) numbers`,
    [request, progress, states],
  );
}

/** Each delivery with an order has an attempt. One of 200 was given up before, and a few are unknown. */
async function insertAttempts(client: Client, contents: Contents, [from, to]: Range): Promise<void> {
  const { deliveries, unfinished } = contents;
  const columns = `id, delivery_id, account, number, quotation_id, order_id, outcome, total, currency, reserved_at`;
  await client.query(
    `insert into delivery_attempts (${columns})
     select 'first-' || ${idOf('i')}, ${idOf('i')}, ${accountOf('i')}, 2, 'quotation-' || i, 'order-' || i,
       'placed', '213.00', 'HKD', ${bookedAt(contents)} from generate_series(${from}::bigint, ${to}::bigint) i
     union all
     select 'lost-' || ${idOf('i')}, ${idOf('i')}, ${accountOf('i')}, 1, 'lost-' || i, null,
       case when i > ${deliveries - unfinished / 10} then 'unknown' else 'abandoned' end, '213.00', 'HKD',
       ${bookedAt(contents)} from generate_series(${from}::bigint, ${to}::bigint) i where i % 200 = 1 or i % 200 = 107`,
  );
}

/** Three events of its own and three webhooks for each delivery. */
async function insertEvents(client: Client, contents: Contents, [from, to]: Range): Promise<void> {
  const data = { order: { orderId: '1', status: 'ON_GOING', driverId: '7' }, updatedAt: 'x'.repeat(200) };
  const payload = JSON.stringify(factsOf('ORDER_STATUS_CHANGED', data));
  await client.query(
    `insert into delivery_events (delivery_id, account, source, type, fingerprint, repeat_key, order_id,
       occurred_at, received_at, payload, applied_at, dispatch)
     select ${idOf('i')}, ${accountOf('i')}, case when step % 2 = 0 then 'delivery' else 'webhook' end,
       case when step % 2 = 0 then 'quoted' else 'ORDER_STATUS_CHANGED' end,
       case when step % 2 = 1 then md5('fingerprint' || i || step) end,
       case when step % 2 = 1 then md5('repeat' || i || step) || '.hash.type.key' end,
       case when step % 2 = 1 then 'order-' || i end,
       at + step * 60000, at + step * 60000, $1, at + step * 60000, 'done'
     from (select i, ${bookedAt(contents)} as at from generate_series(${from}::bigint, ${to}::bigint) i) numbers,
       generate_series(0, 5) step`,
    [payload],
  );
}

/** Webhooks of unknown orders: waiting, read, to be checked, set aside. */
async function insertUnmatched(client: Client, { backlog, now }: Contents): Promise<void> {
  const payload = JSON.stringify(factsOf('ORDER_STATUS_CHANGED', { order: { orderId: '1', status: 'ON_GOING' } }));
  await client.query(
    `insert into delivery_events (account, source, type, fingerprint, order_id, quotation_id, occurred_at,
       received_at, payload, dispatch, look_at, set_aside_at)
     select ${accountOf('i')}, 'webhook', 'ORDER_STATUS_CHANGED', md5('unmatched' || i),
       case when i % 50 = 0 then 'order-' || i else 'unmatched-' || i / 3 end,
       case when i % 2 = 0 then 'read-' || i end, at, at, $1, 'none',
       case when i % 10 = 1 then ${now} - i end, case when i % 4 = 3 then ${now} end
     from (select i, ${now} - i * 100000 as at from generate_series(1::bigint, ${backlog}::bigint) i) numbers`,
    [payload],
  );
  await client.query(
    `insert into delivery_reads select '', 'read-' || i, 'a delivery', ${now} + (i - 100) * 60000
     from generate_series(1::bigint, 200::bigint) i`,
  );
}

/** Events for handlers, those that were set aside, and damaged rows. */
async function insertBacklog(client: Client, { deliveries, backlog, now }: Contents): Promise<void> {
  const newest = `(select id from delivery_events where source in ('delivery', 'webhook') and delivery_id is not null
    order by id desc limit ${backlog * 3})`;
  await client.query(
    `update delivery_events set dispatch = 'pending', next_try_at = ${now} + (id % 1000 - 800) * 1000,
       blocked_on = case when id % 5 = 0 then 'Handlers.slow' end,
       dispatch_by = case when id % 5 = 0 or id % 11 = 0 then 'another process' end,
       dispatch_until = case when id % 5 = 0 or id % 11 = 0 then ${now} + (id % 100 - 50) * 60000 end
     where id in ${newest}`,
  );
  await client.query(
    `update delivery_events set dispatch = 'set_aside' where id in (select id from delivery_events
       where dispatch = 'done' order by id desc limit ${backlog / 10})`,
  );
  await client.query(
    `update delivery_events set unreadable_at = ${now} where id in (select id from delivery_events
       where dispatch = 'done' order by id limit ${backlog / 100})`,
  );
  await client.query(
    `update deliveries set unreadable_at = ${now} where id in
       (select ${idOf('i')} from generate_series(1, ${deliveries}, ${Math.ceil(deliveries / 20)}) i)`,
  );
}
