import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { setTimeout as pause } from 'node:timers/promises';
import { PrivatePgBouncer } from '../../support/private-pgbouncer.js';
import { bookingOf } from '../../support/sample-booking.js';
import { POSTGRES_URL } from '../../support/servers.js';
import { recordNamed } from '../delivery-rows.js';
import { SharedHost } from './shared-host.js';
import { Storages } from './storages.js';

const isPossible = POSTGRES_URL !== '' && PrivatePgBouncer.isInstalled;

/** They start a PgBouncer of their own. */
(isPossible ? describe : describe.skip)('deliveries behind PgBouncer in transaction mode', () => {
  let bouncer: PrivatePgBouncer;
  let storages: Storages;

  beforeAll(async () => {
    bouncer = await PrivatePgBouncer.start(POSTGRES_URL);
  });

  afterAll(async () => {
    await bouncer.stop();
  });

  beforeEach(() => {
    storages = new Storages(bouncer.url);
  });

  afterEach(async () => {
    await storages.close();
  });

  it('have no timeouts of the server, and say so', async () => {
    const { deliveries, storage } = await storages.open();
    await deliveries.transact((trx) => trx.insert(recordNamed('A', Date.now()), [{ type: 'requested' }]));
    expect(await storage.find('', 'A')).toMatchObject({ reference: 'A' });
    expect(storages.logged.join('\n')).toMatch(/refuses the timeouts of a session.*unsupported startup parameter/);
  });

  it('have the timeouts without a pooler', async () => {
    const direct = new Storages();
    try {
      await direct.open();
      expect(direct.logged.join('\n')).not.toContain('refuses the timeouts');
    } finally {
      await direct.close();
    }
  });

  it('create the tables once, and place one order each in two processes', async () => {
    const sandbox = await LalamoveSandbox.start({ rateLimits: false });
    const { apiKey, apiSecret, url: baseUrl } = sandbox;
    const plan = { account: { apiKey, apiSecret, baseUrl }, url: bouncer.url, schema: storages.schema };
    const hosts = await Promise.all([SharedHost.start(plan), SharedHost.start(plan)]);
    try {
      const references = Array.from({ length: 10 }, (_, index) => `P-${index}`);
      const bookings = references.map((reference) => bookingOf(reference));
      await Promise.all(hosts.map((host) => host.send({ do: 'book', bookings })));
      for (const reference of references) {
        while ((await hosts[0].send({ do: 'state', reference })) !== 'assigning') await pause(100);
        expect(sandbox.ledgerFor({ reference }).orderIds).toHaveLength(1);
      }
    } finally {
      for (const host of hosts) await host.kill();
      await sandbox.stop();
    }
  }, 60_000);
});
