import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LalamoveSandbox, SandboxClock } from 'nestjs-lalamove/sandbox';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { migrateStorage } from '../../../src/deliveries/migrate-storage.js';
import { PrivatePostgres } from '../../support/private-postgres.js';
import { bookingOf } from '../../support/sample-booking.js';
import { POSTGRES_URL } from '../../support/servers.js';
import { RestoredHost, type RestoredHostOptions } from './restored-host.js';

const isPossible = POSTGRES_URL !== '' && PrivatePostgres.isInstalled;

/** They need the programs of PostgreSQL. */
(isPossible ? describe : describe.skip)('a backup that is restored', () => {
  let server: PrivatePostgres;
  let folder: string;
  let sandbox: LalamoveSandbox;
  let clock: SandboxClock;
  let hosts: RestoredHost[];

  beforeAll(async () => {
    server = await PrivatePostgres.start(['fsync=off']);
  });

  afterAll(async () => {
    await server.stop();
  });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'restore-'));
    clock = new SandboxClock({ speed: 0, startAt: '2026-12-01T08:00:00Z' });
    sandbox = await LalamoveSandbox.start({ clock, rateLimits: false, drivers: 'late' });
    hosts = [];
  });

  afterEach(async () => {
    await stopAll();
    await sandbox.stop();
    rmSync(folder, { recursive: true });
    await query('drop schema if exists shop cascade');
    await query('drop database if exists other');
  });

  async function start(options: Partial<RestoredHostOptions> = {}): Promise<RestoredHost> {
    const storage = { connectionString: server.url, ...options.storage };
    const host = await RestoredHost.start({ sandbox, clock, ...options, storage });
    hosts.push(host);
    return host;
  }

  async function stopAll(): Promise<void> {
    for (const host of hosts.splice(0)) await host.stop();
  }

  async function query(text: string): Promise<void> {
    const client = new Client({ connectionString: server.url });
    await client.connect();
    await client.query(text);
    await client.end();
  }

  const ordersOf = (reference: string): readonly string[] => sandbox.ledgerFor({ reference }).orderIds;

  const otherUrl = (): string => server.url.replace(/\/postgres$/, '/other');

  /** Books while no process works. */
  async function bookOnly(references: readonly string[]): Promise<void> {
    const host = await start({ deliveries: { worker: false } });
    for (const reference of references) await host.deliveries.book(bookingOf(reference, { metadata: { reference } }));
    await stopAll();
  }

  /** Books while no process works, makes a backup, and lets everything be ordered. */
  async function backUpThenOrder(references: readonly string[]): Promise<void> {
    await bookOnly(references);
    await server.dump('shop', join(folder, 'backup.sql'), 'all');
    await (await start()).takeWebhooks();
    await clock.advance('1m');
    for (const reference of references) expect(ordersOf(reference)).toHaveLength(1);
    await stopAll();
  }

  async function restore(url = server.url): Promise<void> {
    await query('drop schema shop cascade');
    if (url !== server.url) await query('create database other');
    await server.run(join(folder, 'backup.sql'), url);
  }

  it.each([
    ['into the same database', () => server.url],
    ['into another database', otherUrl],
  ])(
    '%s orders nothing again: a person decides, or a webhook shows the order',
    async (_, urlOf) => {
      await backUpThenOrder(['A-1', 'A-2', 'A-3', 'A-4']);
      const url = urlOf();
      await restore(url);
      const storage = { connectionString: url };
      const [host] = await Promise.all([start({ storage }), start({ storage })]);
      await clock.advance('1m');
      for (const reference of ['A-1', 'A-2', 'A-3', 'A-4']) {
        const delivery = await host.get(reference);
        expect(delivery).toMatchObject({ state: 'needs_attention', reason: { code: 'DATABASE_RESTORED' } });
        expect(ordersOf(reference)).toHaveLength(1);
      }
      const [second = ''] = ordersOf('A-2');
      await host.deliveries.resolve('A-2', { orderId: second });
      await host.deliveries.resolve('A-3', { rebook: true });
      await host.deliveries.cancel('A-4');
      await clock.advance('1m');
      expect(await host.get('A-2')).toMatchObject({ orderId: second });
      expect(await host.get('A-4')).toMatchObject({ state: 'needs_attention', reason: { code: 'DATABASE_RESTORED' } });
      // A person has asked for a second order.
      expect(ordersOf('A-3')).toHaveLength(2);
      await host.takeWebhooks();
      await clock.advance('4h');
      const [first] = ordersOf('A-1');
      expect(await host.get('A-1')).toMatchObject({ state: 'completed', orderId: first, reason: undefined });
      expect(await host.get('A-2')).toMatchObject({ state: 'completed', orderId: second });
      for (const reference of ['A-1', 'A-2', 'A-4']) expect(ordersOf(reference)).toHaveLength(1);
      // The cancellation was sent as soon as a webhook had shown the order: too late for Lalamove.
      expect(await host.get('A-4')).toMatchObject({ state: 'completed', cancellation: 'refused' });
      expect(await host.deliveries.metrics()).toMatchObject({ unknownAttempts: 0 });
    },
    60_000,
  );

  it('does not book again what found no driver after the backup', async () => {
    const policy = { rebook: { maxAttempts: 2 } };
    const host = await start({ deliveries: { policy } });
    await host.takeWebhooks();
    await host.deliveries.book(bookingOf('B-1', { metadata: { reference: 'B-1', sandbox: 'rejecting' } }));
    await clock.advance('1m');
    expect(ordersOf('B-1')).toHaveLength(1);
    await server.dump('shop', join(folder, 'backup.sql'), 'all');
    await clock.advance('6h');
    expect(await host.get('B-1')).toMatchObject({ state: 'failed', attempts: 2 });
    await stopAll();
    await restore();
    const restored = await start({ deliveries: { policy } });
    await clock.advance('6h');
    expect(await restored.get('B-1')).toMatchObject({
      state: 'needs_attention',
      reason: { code: 'DATABASE_RESTORED' },
    });
    expect(ordersOf('B-1')).toHaveLength(2);
  }, 60_000);

  it('is found by the hosts that run while a replica is promoted that has lost commits', async () => {
    await bookOnly(['C-1']);
    const copy = await server.copy();
    const host = await start();
    await clock.advance('1m');
    expect(await host.get('C-1')).toMatchObject({ state: 'assigning' });
    await server.failOver(copy);
    await clock.advance('5m');
    expect(await host.get('C-1')).toMatchObject({ state: 'needs_attention', reason: { code: 'DATABASE_RESTORED' } });
    expect(ordersOf('C-1')).toHaveLength(1);
    await host.deliveries.book(bookingOf('C-2', { metadata: { reference: 'C-2' } }));
    await clock.advance('1m');
    expect(ordersOf('C-2')).toHaveLength(1);
  }, 60_000);

  it('is no restore if failover loses nothing', async () => {
    const lossless = { connectionString: server.url, losslessFailover: true };
    await bookOnly(['D-1']);
    await (await start({ storage: lossless, deliveries: { worker: false } })).stop();
    hosts.pop();
    await server.failOver(await server.copy());
    const host = await start({ storage: lossless });
    await clock.advance('1m');
    expect(await host.get('D-1')).toMatchObject({ state: 'assigning' });
  }, 60_000);

  it.each([
    ['--moved', { state: 'assigning' }],
    ['--restored', { state: 'needs_attention', reason: { code: 'DATABASE_RESTORED' } }],
  ])(
    'is what the command says with %s',
    async (flag, expected) => {
      await bookOnly(['E-1']);
      await server.dump('shop', join(folder, 'backup.sql'), 'all');
      await restore(otherUrl());
      const result = await migrateStorage([otherUrl(), '--schema', 'shop', flag]);
      expect(result).toMatchObject({ code: 0 });
      const host = await start({ storage: { connectionString: otherUrl() } });
      await clock.advance('1m');
      expect(await host.get('E-1')).toMatchObject(expected);
    },
    60_000,
  );

  it('is found without the functions that a managed server forbids', async () => {
    await query('revoke execute on function pg_control_system(), pg_walfile_name(pg_lsn) from public');
    await query('create role app login; grant create on database postgres to app');
    const storage = { connectionString: server.url.replace('postgres@', 'app@') };
    const host = await start({ storage, deliveries: { worker: false } });
    await host.deliveries.book(bookingOf('F-1', { metadata: { reference: 'F-1' } }));
    await server.dump('shop', join(folder, 'backup.sql'), 'all');
    await stopAll();
    await restore();
    const restored = await start({ storage });
    await clock.advance('1m');
    expect(await restored.get('F-1')).toMatchObject({ reason: { code: 'DATABASE_RESTORED' } });
  }, 60_000);
});
