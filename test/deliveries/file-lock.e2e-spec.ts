import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { signWebhook } from 'nestjs-lalamove';
import { openDatabase } from 'nestjs-lalamove/deliveries';
import { LalamoveSandbox, SandboxClock } from 'nestjs-lalamove/sandbox';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostProcess } from '../chaos/child.js';
import { compile } from '../chaos/compile.mjs';
import type { HostPlan } from '../chaos/messages.js';
import { bookingOf } from '../support/sample-booking.js';
import { until } from '../support/until.js';

const REFERENCES = ['R-1', 'R-2', 'R-3', 'R-4', 'R-5', 'R-6'];
const bookings = REFERENCES.map((reference) => bookingOf(reference));
const LOST = Array(REFERENCES.length).fill('DeliveriesStoreException 503');

// Real processes on one file, with the sandbox as the oracle.
describe('the file of deliveries', () => {
  let place: string;
  let file: string;
  let compiled: string;
  let sandbox: LalamoveSandbox;
  let hosts: HostProcess[];

  beforeEach(async () => {
    Object.assign(process.env, { CHAOS_LOG: '1', NO_COLOR: '1' });
    compiled = await compile();
    place = mkdtempSync(join(tmpdir(), 'deliveries-'));
    mkdirSync(join(place, 'data'));
    file = join(place, 'data', 'deliveries.db');
    hosts = [];
    const clock = new SandboxClock({ speed: 0, startAt: '2026-12-01T08:00:00Z' });
    sandbox = await LalamoveSandbox.start({ clock, rateLimits: false, drivers: 'still' });
  });

  afterEach(async () => {
    delete process.env.CHAOS_LOG;
    delete process.env.NO_COLOR;
    for (const host of hosts) if (!host.isDead) await host.kill();
    await sandbox.stop();
    rmSync(place, { recursive: true, force: true });
  });

  async function start(more: Partial<HostPlan> = {}): Promise<HostProcess> {
    const { url: baseUrl, apiKey, apiSecret } = sandbox;
    const startAt = Date.parse('2026-12-01T08:00:00Z');
    const host = await HostProcess.start(compiled, {
      ...{
        baseUrl,
        apiKey,
        apiSecret,
        startAt,
        file,
        port: await freePort(),
        timeoutMs: 10_000,
        kill: { at: 'never' },
      },
      ...more,
    });
    hosts.push(host);
    return host;
  }

  async function sendWebhook(port: number, orderId: string): Promise<number> {
    const { apiKey, apiSecret: secret } = sandbox;
    const { body } = signWebhook({
      ...{ apiKey, secret, path: '/webhooks/lalamove', eventId: 'e-1' },
      timestamp: Date.parse('2026-12-01T08:00:00Z') / 1000,
      data: { order: { orderId, status: 'ON_GOING' }, updatedAt: '2026-12-01T08:00.00Z' },
    });
    const headers = { 'content-type': 'application/json' };
    return (await fetch(`http://127.0.0.1:${port}/webhooks/lalamove`, { method: 'POST', body, headers })).status;
  }

  /** Starts a host that must be refused, and checks its error. */
  async function refused(): Promise<void> {
    const { isDead, output } = await start();
    expect({ isDead, output }).toEqual({
      isDead: true,
      output: expect.stringContaining('is in use by another process'),
    });
  }

  /** The number of orders that were ever placed for each reference. */
  const orders = (): number[] => REFERENCES.map((reference) => sandbox.ledgerFor({ reference }).orderIds.length);

  it('is locked even while its own process copies it', async () => {
    const first = await start();
    await first.send({ do: 'book', bookings: bookings.slice(0, 1) });
    await first.send({ do: 'copy', how: 'copyFile', from: file, to: join(place, 'copy.db') });
    await first.send({ do: 'copy', how: 'stream', from: file, to: '' });
    await refused();
    await first.send({ do: 'book', bookings });
    expect(orders()).toEqual([1, 1, 1, 1, 1, 1]);
  }, 60_000);

  it('is used by one process only, even if a copy of the whole folder has dropped the lock', async () => {
    const first = await start();
    await first.send({ do: 'book', bookings: bookings.slice(0, 1) });
    await first.send({ do: 'copy', how: 'folder', from: join(place, 'data'), to: join(place, 'copy') });
    const second = await start();
    const [ofFirst] = await Promise.all([
      first.send({ do: 'book-each', bookings }),
      second.send({ do: 'book', bookings }),
    ]);
    expect(ofFirst).toEqual(LOST);
    await first.send({ do: 'advance', ms: 600_000 });
    await second.send({ do: 'advance', ms: 600_000 });
    expect(orders()).toEqual([1, 1, 1, 1, 1, 1]);
    expect(lostLines(first)).toEqual([expect.stringContaining('another process has opened it since')]);
  }, 60_000);

  it('loses no order that was being posted when another process opened it', async () => {
    const first = await start();
    // Long enough for a second process to start on a busy machine, and below timeoutMs.
    sandbox.addFault({ call: 'placeOrder', latencyMs: 9000, times: 3 });
    const booking = first.send({ do: 'book', bookings: bookings.slice(0, 3) });
    await until(() => first.output.split('posting R-').length === 4, 10_000);
    await first.send({ do: 'copy', how: 'folder', from: join(place, 'data'), to: join(place, 'copy') });
    const second = await start();
    await second.send({ do: 'book', bookings });
    await booking;
    expect(orders()).toEqual([1, 1, 1, 1, 1, 1]);
    for (const reference of REFERENCES.slice(0, 3)) {
      const [orderId = ''] = sandbox.ledgerFor({ reference }).orderIds;
      const line = 'An order was placed but could not be stored; its outcome stays unknown: call resolve({ orderId })';
      expect(first.output).toContain(`${line} (delivery=${reference} attempt=`);
      expect(first.output).toContain(`order=${orderId} `);
    }
  }, 60_000);

  it.each([['delete'], ['replace']] as const)(
    'is not used any more after a %s while the process runs',
    async (what) => {
      const host = await start();
      await host.send({ do: 'book', bookings: bookings.slice(0, 1) });
      await host.send({ do: what, path: file });
      expect(await host.send({ do: 'book-each', bookings })).toEqual(LOST);
      await host.send({ do: 'advance', ms: 600_000 });
      expect(orders()).toEqual([1, 0, 0, 0, 0, 0]);
      expect(lostLines(host)).toHaveLength(1);
    },
    60_000,
  );

  it('is not used any more after a backup was written over it while the process runs', async () => {
    const host = await start();
    const backup = join(place, 'backup.db');
    await host.send({ do: 'backup', path: backup });
    await host.send({ do: 'book', bookings: bookings.slice(0, 1) });
    await host.send({ do: 'overwrite', path: file, by: backup });
    expect(await host.send({ do: 'book-each', bookings })).toEqual(LOST);
    await host.send({ do: 'advance', ms: 600_000 });
    expect(orders()).toEqual([1, 0, 0, 0, 0, 0]);
    expect(lostLines(host)).toEqual([expect.stringContaining('was written over it')]);
  }, 60_000);

  it('loses nothing if another program reads and closes it after the locks were dropped', async () => {
    const host = await start();
    await host.send({ do: 'book', bookings: bookings.slice(0, 1) });
    await host.send({ do: 'copy', how: 'folder', from: join(place, 'data'), to: join(place, 'copy') });
    // The last program that closes a database removes its WAL.
    const reader = "const D = require('libsql'); const d = new D(process.argv[1]); d.exec('select * from deliveries');";
    execFileSync(process.execPath, ['-e', `${reader} d.close();`, file]);
    const ends = await host.send({ do: 'book-each', bookings });
    await host.kill();
    const again = await start();
    await again.send({ do: 'book', bookings });
    expect(orders()).toEqual([1, 1, 1, 1, 1, 1]);
    expect([LOST, ['done', 'done', 'done', 'done', 'done', 'done']]).toContainEqual(ends);
  }, 60_000);

  it('can be backed up while deliveries are booked', async () => {
    const host = await start();
    const backup = join(place, 'backups', 'one.db');
    await host.send({ do: 'book', bookings: bookings.slice(0, 1) });
    await Promise.all([host.send({ do: 'backup', path: backup }), host.send({ do: 'book', bookings })]);
    await expect(host.send({ do: 'backup', path: backup })).rejects.toThrow('exists already');
    expect(existsSync(`${backup}.partial`)).toBe(false);
    // The backup has not dropped the lock.
    await refused();
    expect(orders()).toEqual([1, 1, 1, 1, 1, 1]);
    const copy = await openDatabase({ file: backup });
    const rows = await copy.selectFrom('deliveries').select('reference').orderBy('reference').execute();
    expect(rows).toContainEqual({ reference: 'R-1' });
    await copy.destroy();
  }, 60_000);

  it('stores an order that a full disk could not store, as soon as there is room', async () => {
    const host = await start();
    sandbox.addFault({ call: 'placeOrder', latencyMs: 3000 });
    const booking = host.send({ do: 'book', bookings: bookings.slice(0, 1) });
    await until(() => host.output.includes('posting R-1'));
    limitFiles(host, '16384');
    await until(() => host.output.includes('An order was placed but could not be stored'), 10_000);
    const [orderId = ''] = sandbox.ledgerFor({ reference: 'R-1' }).orderIds;
    expect(host.output).toMatch(
      new RegExp(
        `placed but could not be stored; storing it is retried \\(delivery=R-1 attempt=\\S+ order=${orderId} `,
      ),
    );
    expect(await host.send({ do: 'book-each', bookings: bookings.slice(1) })).toEqual(LOST.slice(1));
    limitFiles(host, 'unlimited');
    await booking;
    await host.send({ do: 'book', bookings });
    expect(orders()).toEqual([1, 1, 1, 1, 1, 1]);
    expect(await host.send({ do: 'report' })).toMatchObject({
      deliveries: expect.arrayContaining([expect.objectContaining({ reference: 'R-1', orderId, attempts: 1 })]),
    });
  }, 60_000);

  it('makes every method and every webhook answer 503 after it was lost', async () => {
    const port = await freePort();
    const host = await start({ port });
    await host.send({ do: 'book', bookings: bookings.slice(0, 1) });
    await host.send({ do: 'delete', path: file });
    const ends = await host.send({ do: 'ask-all', reference: 'R-1' });
    const methods = ['find', 'get', 'cancel', 'resolve', 'list', 'timeline', 'forget', 'metrics'];
    await host.send({ do: 'book-each', bookings });
    const [orderId = ''] = sandbox.ledgerFor({ reference: 'R-1' }).orderIds;
    expect(await sendWebhook(port, orderId)).toBe(503);
    expect(await host.send({ do: 'ask-all', reference: 'R-1' })).toEqual(
      Object.fromEntries(methods.map((name) => [name, 'DeliveriesStoreException 503'])),
    );
    expect(ends).toMatchObject({ cancel: 'DeliveriesStoreException 503' });
  }, 60_000);
});

/** The lines that a host has logged about its lost file. */
function lostLines({ output }: HostProcess): string[] {
  return output.split('\n').filter((line) => /\[LalamoveDeliveries\] The deliveries' file .* was lost: /.test(line));
}

/** Limits the size of the files that a process writes. */
function limitFiles(host: HostProcess, bytes: string): void {
  execFileSync('prlimit', ['--pid', String(host.pid), `--fsize=${bytes}:unlimited`]);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new TypeError('The server has no port.');
  return address.port;
}
