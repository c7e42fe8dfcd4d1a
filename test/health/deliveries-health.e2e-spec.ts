import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { DELIVERIES_STORAGE } from '../../src/deliveries/deliveries.providers.js';
import type { DeliveriesStorage } from '../../src/deliveries/storage/storage.js';
import { OnDelivery, type DeliveriesModuleOptions } from 'nestjs-lalamove/deliveries';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { DeliveriesHealthIndicator, type LalamoveHealthModuleOptions } from 'nestjs-lalamove/health';
import { DeliveriesHost } from '../deliveries/deliveries-host.js';
import { PLATFORMS, type Platform } from '../support/host-app.js';
import { bookingOf } from '../support/sample-booking.js';
import { healthModule, healthOf, startHealthHost } from './health-host.js';

/** A handler that fails. */
@Injectable()
class Broken {
  @OnDelivery('requested')
  fails(): never {
    throw new Error('The kitchen printer is out of paper.');
  }
}

/** A queue that wakes nothing, as if no worker ran. */
const DEAF = { start: () => undefined, wake: () => undefined, stop: () => Promise.resolve() };

describe.each(PLATFORMS)('DeliveriesHealthIndicator on %s', (platform) => {
  let host: DeliveriesHost;

  afterEach(() => host.stop());

  async function start(deliveries: DeliveriesModuleOptions = {}, providers: [] | [typeof Broken] = []): Promise<void> {
    host = await startWith(platform, deliveries, providers);
  }

  const health = async (): ReturnType<typeof healthOf> => healthOf(host.url, 'deliveries', 'deliveries');

  it('is up with its figures while deliveries are worked on', async () => {
    await start();
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
    const { answer, details } = await health();
    expect(answer.status).toBe(200);
    expect(details).toEqual({
      status: 'up',
      lagMs: 0,
      outboxLagMs: 0,
      unknownAttempts: 0,
      unmatched: 0,
      setAsideUnmatched: 0,
      pendingEvents: 0,
      setAsideEvents: 0,
      unreadable: 0,
      needsAttention: 0,
    });
    expect((await healthOf(host.url, 'storage', 'storage')).details).toEqual({ status: 'up' });
  });

  it('is down if a due delivery waits for a worker for too long', async () => {
    await start({ queue: DEAF, sweepSeconds: 3600 });
    await host.deliveries.book(bookingOf('A-1'));
    await host.clock.advance('50s');
    expect((await health()).answer.status).toBe(200);
    await host.clock.advance('70s');
    const { answer, details } = await health();
    expect(answer.status).toBe(503);
    const message = 'A delivery has been due for 120 s, and no worker took it.';
    expect(details).toMatchObject({
      status: 'down',
      lagMs: 120_000,
      problems: [{ reason: 'DELIVERIES_LATE', message }],
    });
    // A backlog is no reason to take the process out of the load balancer.
    expect((await healthOf(host.url, 'storage', 'storage')).answer.status).toBe(200);
  });

  it('is down if an outcome stays unknown for longer than allowed', async () => {
    await start();
    host.sandbox.addFault({ call: 'placeOrder', work: 'skipped', answer: 'reset' });
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
    const { answer, details } = await health();
    expect(answer.status).toBe(200);
    expect(details).toMatchObject({ status: 'up', unknownAttempts: 1 });
    const indicator = host.app.get(DeliveriesHealthIndicator);
    const strict = await indicator.isHealthy('deliveries', { maxUnknownMs: 0 });
    expect(strict).toMatchObject({ deliveries: { status: 'down', problems: [{ reason: 'OUTCOME_UNKNOWN' }] } });
    await host.clock.advance('1h');
    await host.deliveries.resolve('A-1', { cancel: true });
    expect(await indicator.isHealthy('deliveries', { maxUnknownMs: 0 })).toMatchObject({
      deliveries: { status: 'up', unknownAttempts: 0 },
    });
  });

  it('is down if events wait for a handler that fails, and does not quote it', async () => {
    await start({}, [Broken]);
    await host.deliveries.book(bookingOf('A-1'));
    await host.clock.advance('6m');
    const { answer, details } = await health();
    expect(answer.status).toBe(503);
    expect(details).toMatchObject({ status: 'down', problems: [{ reason: 'OUTBOX_LATE' }] });
    expect(Number(details.outboxLagMs)).toBeGreaterThanOrEqual(360_000);
    expect(JSON.stringify(answer.body)).not.toMatch(/printer|Ada|8525/);
  });

  it('is down if the storage does not answer, and tells nothing of the database', async () => {
    await start();
    await host.app.get<DeliveriesStorage>(DELIVERIES_STORAGE, { strict: false }).close();
    for (const [path, key] of [
      ['deliveries', 'deliveries'],
      ['storage', 'storage'],
    ] as const) {
      const { answer, details } = await healthOf(host.url, path, key);
      expect(answer.status).toBe(503);
      expect(details).toMatchObject({ status: 'down', problems: [{ reason: 'STORAGE', severity: 'down' }] });
      expect(JSON.stringify(answer.body)).not.toMatch(/sqlite|libsql|stack|select/i);
    }
  });
});

describe('DeliveriesHealthIndicator', () => {
  it('answers in time if the storage hangs', async () => {
    const host = await startWith('express', {}, [], { deliveries: { timeoutMs: 100, cacheMs: 0 } });
    const storage = host.app.get<DeliveriesStorage>(DELIVERIES_STORAGE, { strict: false });
    const hang = (): Promise<never> => new Promise(() => undefined);
    Object.assign(storage, { metrics: hang, find: hang });
    for (const path of ['deliveries', 'storage']) {
      expect((await healthOf(host.url, path, path)).details).toMatchObject({ problems: [{ reason: 'STORAGE' }] });
    }
    await host.stop();
  });

  it('says so in an app without deliveries', async () => {
    const sandbox = await LalamoveSandbox.start();
    const { app, url } = await startHealthHost('express', sandbox);
    for (const path of ['deliveries', 'storage']) {
      const { answer, details } = await healthOf(url, path, path);
      expect(answer.status).toBe(503);
      expect(details).toMatchObject({ problems: [{ reason: 'NOT_REGISTERED' }] });
    }
    await app.close();
    await sandbox.stop();
  });
});

function startWith(
  platform: Platform,
  deliveries: DeliveriesModuleOptions,
  providers: [] | [typeof Broken],
  options: LalamoveHealthModuleOptions = { deliveries: { cacheMs: 0 } },
): Promise<DeliveriesHost> {
  const { imports = [], controllers = [] } = healthModule(options);
  return DeliveriesHost.start({ platform, deliveries, more: { imports, controllers, providers } });
}
