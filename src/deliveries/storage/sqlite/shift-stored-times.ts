import { setImmediate } from 'node:timers/promises';
import { sql, type Selectable, type SqlBool } from 'kysely';
import { DELIVERY_STATES, isTerminal, type DeliveryState } from '../../domain/delivery-progress.js';
import { shiftTimes } from '../../domain/shift-times.js';
import {
  IS_GIVEN_UP,
  IS_PENDING,
  IS_WAITING,
  type DeliveriesTable,
  type DeliveriesKysely,
} from '../sql/deliveries-schema.js';
import { recordOf } from '../sql/delivery-rows.js';

/** The batch size of reads. Between two batches the event loop can run other work. */
const BATCH = 200;

/** In ms. No retry delay is longer. */
const HOUR_MS = 3_600_000;

type Row = Selectable<DeliveriesTable>;

const TERMINAL = DELIVERY_STATES.filter(isTerminal);
const UNFINISHED = DELIVERY_STATES.filter((state) => !isTerminal(state));

/**
 * Shifts the stored times that come from the local clock: of unfinished deliveries, of ended deliveries with a lost
 * order that may still appear, of events that wait for their handlers or for their order. It uses one transaction, so a
 * crash changes nothing. It reads in batches, so the event loop is not blocked.
 *
 * @param ms how far the clock was set forward; negative if it was set back
 */
export async function shiftStoredTimes(trx: DeliveriesKysely, ms: number): Promise<void> {
  for await (const rows of deliveriesUnderWay(trx)) {
    for (const row of rows) await rewrite(trx, row, ms, row.due_at === null ? null : row.due_at + ms);
    await setImmediate();
  }
  await sql`update delivery_attempts set reserved_at = reserved_at + ${ms} where ${IS_GIVEN_UP}`.execute(trx);
  await setImmediate();
  await sql`update delivery_events set next_try_at = next_try_at + ${ms} where ${IS_PENDING}`.execute(trx);
  await setImmediate();
  await sql`update delivery_events set received_at = received_at + ${ms}, look_at = look_at + ${ms}
    where ${IS_WAITING}`.execute(trx);
}

/**
 * Corrects times in the future, which exist if the clock was set back while no process ran. A delivery counts as
 * changed now, and an unfinished delivery becomes due.
 *
 * @returns the number of corrected deliveries
 */
export async function pullBackStoredTimes(trx: DeliveriesKysely, now: number): Promise<number> {
  let count = 0;
  for await (const rows of deliveriesUnderWay(trx, now)) {
    for (const row of rows) {
      const dueAt = isTerminal(stateOf(row)) ? row.due_at : now;
      await rewrite(trx, row, now - row.updated_at, dueAt, now);
    }
    count += rows.length;
    await setImmediate();
  }
  const soon = now + HOUR_MS;
  await sql`update delivery_events set next_try_at = ${now} where ${IS_PENDING} and next_try_at > ${soon}`.execute(trx);
  await sql`update delivery_events set received_at = ${now} where ${IS_WAITING} and received_at > ${now}`.execute(trx);
  await sql`update delivery_events set look_at = ${now} where ${IS_WAITING} and look_at > ${soon}`.execute(trx);
  return count;
}

/**
 * All rows with a time that may still matter, in batches.
 *
 * @param changedAfter Unix ms: selects only rows that were changed later
 */
async function* deliveriesUnderWay(trx: DeliveriesKysely, changedAfter = -1): AsyncGenerator<readonly Row[]> {
  for (const state of UNFINISHED) {
    for (let page = await unfinished(trx, state, changedAfter); page.length > 0;) {
      yield page;
      page = await unfinished(trx, state, changedAfter, page.at(-1));
    }
  }
  for (let ids = await givenUpAfter(trx, ''); ids.length > 0; ids = await givenUpAfter(trx, ids.at(-1) ?? '')) {
    yield await trx
      .selectFrom('deliveries')
      .selectAll()
      .where('id', 'in', ids)
      .where('state', 'in', TERMINAL)
      .where('updated_at', '>', changedAfter)
      .execute();
  }
}

async function unfinished(
  trx: DeliveriesKysely,
  state: DeliveryState,
  changedAfter: number,
  last?: Row,
): Promise<readonly Row[]> {
  let rows = trx.selectFrom('deliveries').selectAll().where('state', '=', state);
  if (last) rows = rows.where(sql<SqlBool>`(created_at, id) > (${last.created_at}, ${last.id})`);
  return rows.where('updated_at', '>', changedAfter).orderBy('created_at').orderBy('id').limit(BATCH).execute();
}

/** The next batch of deliveries that have an attempt with an order that may still appear. */
async function givenUpAfter(trx: DeliveriesKysely, id: string): Promise<readonly string[]> {
  const rows = await trx
    .selectFrom('delivery_attempts')
    .select('delivery_id')
    .distinct()
    .where(IS_GIVEN_UP)
    .where('delivery_id', '>', id)
    .orderBy('delivery_id')
    .limit(BATCH)
    .execute();
  return rows.map(({ delivery_id: deliveryId }) => deliveryId);
}

/** @param changedAt Unix ms; if it is missing, the stored value does not change */
async function rewrite(
  trx: DeliveriesKysely,
  row: Row,
  ms: number,
  dueAt: number | null,
  changedAt = row.updated_at,
): Promise<void> {
  const progress = shiftedProgress(row, ms);
  await trx
    .updateTable('deliveries')
    .set({
      ...(progress !== undefined && { progress }),
      due_at: dueAt,
      lease_until: row.lease_until === null ? null : row.lease_until + ms,
      updated_at: changedAt,
    })
    .where('id', '=', row.id)
    .execute();
}

/** Parses the JSON of a row; `undefined` if another version wrote the row, which then does not change. */
function shiftedProgress(row: Row, ms: number): string | undefined {
  try {
    return JSON.stringify(shiftTimes(recordOf(row).progress, ms));
  } catch {
    return undefined;
  }
}

function stateOf({ state: name }: Row): DeliveryState {
  return DELIVERY_STATES.find((state) => state === name) ?? 'needs_attention';
}
