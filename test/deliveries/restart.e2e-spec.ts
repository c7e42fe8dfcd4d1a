import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Kysely } from 'kysely';
import { openDatabase, type DeliveriesSchema } from 'nestjs-lalamove/deliveries';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newProgress, type DeliveryAttempt } from '../../src/deliveries/domain/delivery-progress.js';
import { placed, reserved } from '../../src/deliveries/domain/transitions.js';
import { DurableInbox } from '../../src/deliveries/application/durable-inbox.js';
import { reserveAttempt, settleAttempts } from '../../src/deliveries/storage/sql/attempt-rows.js';
import { rowOf } from '../../src/deliveries/storage/sql/delivery-rows.js';
import { LibsqlConnection } from '../../src/deliveries/storage/sqlite/libsql-connection.js';
import { DeliveriesHost } from './deliveries-host.js';
import { recordNamed } from './delivery-rows.js';
import { toVersionBefore } from './version-before.js';
import { seedFile } from './seeded-file.js';

const START = Date.parse('2026-12-01T08:00:00Z');

/** Prints the costs of a restart if SHOW_COSTS is set. */
const noted = (what: string, value: number): void => {
  if (process.env.SHOW_COSTS) process.stderr.write(`${what}: ${value.toFixed(0)}\n`);
};

describe('a restart with many due deliveries', () => {
  let host: DeliveriesHost;
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'deliveries-'));
    file = join(folder, 'deliveries.db');
  });

  afterEach(async () => {
    await host.stop();
    rmSync(folder, { recursive: true });
  });

  it('works on 5 000 due deliveries without a second sweep, with 30 000 unmatched webhooks', async () => {
    await seedFile(file, { due: 5000, unmatched: 30_000, at: START - 60_000 });
    const begun = performance.now();
    host = await DeliveriesHost.start({
      deliveries: { database: { file }, policy: { poll: false } },
      webhooks: false,
    });
    noted('boot, ms', performance.now() - begun);
    await host.runtime.idle();
    noted('all worked on, ms', performance.now() - begun);
    const { byState } = await host.deliveries.metrics();
    expect(byState).toMatchObject({ requested: 0, assigning: 5000 });
    expect(host.sandbox.ledger.total.orderIds).toHaveLength(5000);
    const cpu = process.cpuUsage();
    await host.runtime.sweep();
    noted('CPU of a sweep, ms', process.cpuUsage(cpu).user / 1000);
    // The clock has not moved, so that no timer and no second sweep has run.
    expect(host.clock.now()).toBe(START);
  }, 180_000);
});

describe('a sweep', () => {
  let db: Kysely<DeliveriesSchema>;
  let host: DeliveriesHost;
  let queries: jest.SpiedFunction<LibsqlConnection['executeQuery']>;
  let folder: string;

  async function started(unmatched: number): Promise<void> {
    folder = mkdtempSync(join(tmpdir(), 'deliveries-'));
    const file = join(folder, 'deliveries.db');
    await seedFile(file, { unmatched, at: START - 60_000 });
    host = await DeliveriesHost.start({ deliveries: { database: { file } }, webhooks: false });
    db = host.deliveries.database;
    queries = jest.spyOn(LibsqlConnection.prototype, 'executeQuery');
    await host.runtime.idle();
  }

  afterEach(async () => {
    queries.mockRestore();
    await host.stop();
    rmSync(folder, { recursive: true });
  });

  it('reads no payload of webhooks whose orders are unknown, with the same queries for any number', async () => {
    await started(12_000);
    const cost: number[] = [];
    for (let sweep = 0; sweep < 26; sweep += 1) {
      queries.mockClear();
      await host.runtime.sweep();
      cost.push(queries.mock.calls.length);
    }
    // Rows of an older version are checked once, in portions. Later sweeps find webhooks by order id only.
    expect(Math.max(...cost)).toBeLessThan(500 * 12);
    expect(cost.at(-1)).toBeLessThan(12);
    expect(await host.deliveries.metrics()).toMatchObject({ unmatched: 12_000 });
  }, 60_000);

  it('finds each webhook whose order has become known, at any position', async () => {
    await started(12_000);
    await db.updateTable('delivery_events').set({ look_at: null }).execute();
    // Written like by another process, without an event in this one.
    const at = host.clock.now();
    const attempt: DeliveryAttempt = {
      ...{ id: 'of A', number: 1, quotationId: '1', quotationExpiresAt: at, outcome: 'reserved', reservedAt: at },
    };
    const snapshot = reserved({ state: 'quoting', progress: newProgress(at, undefined) }, attempt);
    const { state, progress } = placed(snapshot, attempt.id, { orderId: '811999' }, at);
    const record = recordNamed('A', at, { state, progress, dueAt: undefined });
    await db.insertInto('deliveries').values(rowOf(record)).execute();
    await db.transaction().execute(async (trx) => {
      await reserveAttempt(trx, record, attempt, { total: '1', currency: 'HKD' });
      await settleAttempts(trx, [{ id: attempt.id, outcome: 'placed', orderId: '811999' }], at);
    });
    for (let sweep = 0; sweep < 3; sweep += 1) await host.runtime.sweep();
    expect(await host.deliveries.get('A')).toMatchObject({ state: 'on_going' });
  }, 60_000);
});

describe('sweeps', () => {
  let host: DeliveriesHost;

  afterEach(() => host.stop());

  it('never overlap, even if one is slow, and go on after it', async () => {
    let running = 0;
    let most = 0;
    let rounds = 0;
    host = await DeliveriesHost.start({ deliveries: { sweepSeconds: 1 } });
    const inbox = host.app.get(DurableInbox);
    const sweep = inbox.sweep.bind(inbox);
    let end: () => void = () => undefined;
    inbox.sweep = async () => {
      running += 1;
      rounds += 1;
      most = Math.max(most, running);
      if (rounds === 1) await new Promise<void>((resolve) => (end = resolve));
      await sweep();
      running -= 1;
    };
    // Only the clock moves. The test does not wait for running work.
    for (let second = 0; second < 10; second += 1) host.clock.set(host.clock.now() + 1000);
    host.clock.speed = 1000;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([running, rounds]).toEqual([1, 1]);
    end();
    await new Promise((resolve) => setTimeout(resolve, 50));
    host.clock.speed = 0;
    await host.runtime.idle();
    expect(most).toBe(1);
    expect(rounds).toBeGreaterThan(3);
  });
});

it('the sweeper checks a migrated file of the previous version once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'deliveries-'));
  const file = join(folder, 'deliveries.db');
  try {
    await seedFile(file, { unmatched: 3, at: START });
    toVersionBefore(file);
    rmSync(`${file}.lock`);
    const db = await openDatabase({ file });
    const rows = await db.selectFrom('delivery_events').select('look_at').execute();
    await db.destroy();
    expect(rows).toEqual(Array(3).fill({ look_at: START }));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
