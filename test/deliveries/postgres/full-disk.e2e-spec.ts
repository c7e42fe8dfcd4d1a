import { readdirSync } from 'node:fs';
import type { Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DeliveriesStoreException, type BookDeliveryDto } from 'nestjs-lalamove/deliveries';
import { postgresStorage } from 'nestjs-lalamove/deliveries/postgres';
import { SandboxClock } from 'nestjs-lalamove/sandbox';
import { Client } from 'pg';
import { failureOf } from '../../support/lalamove.js';
import { PrivatePostgres } from '../../support/private-postgres.js';
import { bookingOf } from '../../support/sample-booking.js';
import { SmallDisk } from '../../support/small-disk.js';
import { POSTGRES_URL } from '../../support/servers.js';
import { LineLogger } from '../../webhooks/webhook-host.js';
import { DeliveriesHost } from '../deliveries-host.js';
import { until } from '../../support/until.js';

/** The states of a delivery whose order is placed, in these tests. */
const ENDS: ReadonlySet<string> = new Set(['assigning', 'on_going', 'picked_up']);

const isPossible = POSTGRES_URL !== '' && PrivatePostgres.isInstalled && SmallDisk.isPossible;
const NEEDS = 'a full disk of PostgreSQL (needs root, the packages of PostgreSQL, and the right to mount a tmpfs)';

(isPossible ? describe : describe.skip)(NEEDS, () => {
  let disk: SmallDisk;
  let server: PrivatePostgres;
  let host: DeliveriesHost;
  let logger: LineLogger;
  /** The statuses of the answers to webhooks. */
  let answers: number[];
  let booked: string[];

  beforeEach(() => {
    [answers, booked, logger] = [[], [], new LineLogger()];
  });

  afterEach(async () => {
    await host.stop();
    await server.stop();
    disk.unmount();
  });

  async function start(): Promise<void> {
    const webhooks = { retryPauses: Array.from({ length: 10 }, () => '1s' as const) };
    const storage = postgresStorage({ connectionString: server.url, maxConnections: 6 });
    host = await DeliveriesHost.start({
      sandbox: { clock: new SandboxClock(), webhooks },
      deliveries: { clock: undefined, storage, sweepSeconds: 1, logger },
    });
    const http = host.app.getHttpServer() as Server;
    http.on('request', (_, response) => response.once('finish', () => answers.push(response.statusCode)));
  }

  /** As `until`, with the log. */
  const logged = (holds: () => Promise<boolean> | boolean, what: string): Promise<void> =>
    until(holds, 40_000, () => `${what}\n${logger.lines.slice(-20).join('\n')}`);

  const bulkyBooking = (reference: string): BookDeliveryDto =>
    bookingOf(reference, { metadata: { reference, note: 'x'.repeat(400) } });

  /** Books until the disk is full. Returns the first failure, whose booking is in the list too. */
  async function bookUntilFull(): Promise<DeliveriesStoreException> {
    for (;;) {
      const reference = `A-${booked.length}`;
      booked.push(reference);
      try {
        await host.deliveries.book(bulkyBooking(reference));
      } catch (error) {
        if (error instanceof DeliveriesStoreException) return error;
        throw error;
      }
      if (booked.length > 3000) throw new Error('The disk is never full.');
    }
  }

  const stateOf = async (reference: string): Promise<string> => (await host.deliveries.get(reference)).state;

  /** Expects that each booked delivery gets one order, and that all webhooks are applied. */
  async function expectAllPlaced(): Promise<void> {
    for (const reference of booked) {
      await logged(async () => ENDS.has(await stateOf(reference)), `${reference} is placed`);
      expect(host.sandbox.ledgerFor({ reference }).orderIds).toHaveLength(1);
    }
    expect(host.sandbox.orders).toHaveLength(booked.length);
    // The webhooks that were refused have come again.
    for (const { orderId, status, metadata } of host.sandbox.orders) {
      if (status !== 'PICKED_UP') continue;
      await logged(async () => (await stateOf(metadata?.reference ?? '')) === 'picked_up', `${orderId} is picked up`);
    }
  }

  /** Books some deliveries whose orders are placed. */
  async function bookFirst(count: number): Promise<void> {
    booked = Array.from({ length: count }, (_, index) => `A-first-${index}`);
    for (const reference of booked) await host.deliveries.book(bookingOf(reference));
    await expectAllPlaced();
  }

  /** Writes the files of the log full that exist already, up to the last one. */
  async function leaveOneLogFile(folder: string): Promise<void> {
    const client = new Client({ connectionString: server.url });
    await client.connect();
    const { rows } = await client.query<{ name: string }>('select pg_walfile_name(pg_current_wal_lsn()) as name');
    const ahead = readdirSync(folder).filter((name) => /^[0-9A-F]{24}$/.test(name) && name > (rows[0]?.name ?? ''));
    for (let file = 1; file < ahead.length; file += 1) {
      await client.query(`select pg_logical_emit_message(false, 'filler', repeat('x', 1000000))`);
    }
    await client.end();
  }

  /** Moves orders until the answer to a webhook is a 503. */
  async function refuseWebhooks(): Promise<void> {
    answers.length = 0;
    for (const { orderId } of host.sandbox.orders) {
      for (const status of ['ON_GOING', 'PICKED_UP'] as const) host.sandbox.moveOrder(orderId, status);
    }
    await logged(() => answers.includes(503), 'a webhook is refused');
  }

  it('answers with 503 while a tablespace is full, and goes on by itself', async () => {
    disk = SmallDisk.mount(4);
    server = await PrivatePostgres.start(['fsync=off']);
    PrivatePostgres.give(disk.folder);
    const client = new Client({ connectionString: server.url });
    await client.connect();
    await client.query(`create tablespace small location '${disk.folder}'`);
    await client.query('alter database postgres set default_tablespace = small');
    await client.end();
    await start();
    await bookFirst(20);
    disk.fill();
    const failure = await bookUntilFull();
    expect(failure).toMatchObject({ name: 'DeliveriesStoreException', retryable: true, cause: { code: '53100' } });
    expect(failure.message).toContain('Make room on the disk of the server: deliveries go on by themselves then');
    await refuseWebhooks();
    disk.empty();
    await host.deliveries.book(bulkyBooking(booked.at(-1) ?? ''));
    await expectAllPlaced();
  }, 120_000);

  it('goes on after the server has stopped because its log could not be written', async () => {
    disk = SmallDisk.mount(24);
    PrivatePostgres.give(disk.folder);
    server = await PrivatePostgres.start(
      ['fsync=off', 'max_wal_size=1GB', 'checkpoint_timeout=1h'],
      `${disk.folder}/wal`,
    );
    await start();
    await bookFirst(3);
    await leaveOneLogFile(`${disk.folder}/wal`);
    disk.fill();
    const failure = await bookUntilFull();
    expect(failure).toMatchObject({ name: 'DeliveriesStoreException', retryable: true });
    expect(await failureOf(host.deliveries.list())).toMatchObject({
      name: 'DeliveriesStoreException',
      retryable: true,
    });
    disk.empty();
    await server.restart('immediate');
    await host.deliveries.book(bulkyBooking(booked.at(-1) ?? ''));
    await expectAllPlaced();
  }, 120_000);
});
