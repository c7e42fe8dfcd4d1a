import { setTimeout as pause } from 'node:timers/promises';
import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { LalamoveModule, LalamoveService, OnLalamoveEvent } from 'nestjs-lalamove';
import {
  DeliveriesModule,
  DeliveriesService,
  OnDelivery,
  type DeliveriesModuleOptions,
  type DeliveryEvent,
} from 'nestjs-lalamove/deliveries';
import { bullmqQueue } from 'nestjs-lalamove/deliveries/bullmq';
import { postgresStorage } from 'nestjs-lalamove/deliveries/postgres';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { accountOn } from '../../support/account.js';
import { startHost } from '../../support/host-app.js';
import { testRedisUrl, TestKeys } from '../../support/redis.js';
import { bookingOf } from '../../support/sample-booking.js';
import { POSTGRES_URL, describePostgres, describeRedis } from '../../support/servers.js';
import { until } from '../../support/until.js';
import { dropSchema, newSchema } from '../tested-storage.js';

const WEBHOOKS = 'webhooks/lalamove';

/** The handlers of one app. */
class Handler {
  readonly types: string[] = [];

  @OnDelivery('*')
  onDelivery({ type }: DeliveryEvent): void {
    this.types.push(type);
  }

  @OnLalamoveEvent('*')
  onWebhook(): void {
    this.types.push('webhook');
  }
}

const describeBoth = POSTGRES_URL === '' ? describePostgres : describeRedis;

describeBoth('an app that only books and a worker, with BullMQ on PostgreSQL', () => {
  let schema: string;
  let keys: TestKeys;
  let sandbox: LalamoveSandbox;
  let apps: INestApplication[];

  beforeEach(async () => {
    [schema, keys, apps] = [newSchema(), new TestKeys(), []];
    sandbox = await LalamoveSandbox.start({ rateLimits: false });
  });

  afterEach(async () => {
    for (const app of apps) await app.close();
    await sandbox.stop();
    await keys.end();
    await dropSchema(schema);
  });

  /** Sweeps are too rare to do anything in these tests. */
  const options = (): DeliveriesModuleOptions => ({
    storage: postgresStorage({ connectionString: POSTGRES_URL, schema, maxConnections: 4 }),
    queue: bullmqQueue({ connection: testRedisUrl().href, prefix: keys.prefix }),
    sweepSeconds: 3600,
  });

  async function start(deliveries: NonNullable<ModuleMetadata['imports']>[number]): Promise<INestApplication> {
    const account = accountOn(sandbox, { webhook: { path: WEBHOOKS }, retry: { maxAttempts: 1 } });
    const { app, url } = await startHost('express', {
      imports: [LalamoveModule.forRoot(account), deliveries],
      providers: [Handler],
    });
    apps.push(app);
    if (apps.length === 1) await app.get(LalamoveService).setWebhookUrl(`${url}/${WEBHOOKS}`);
    return app;
  }

  const startWeb = (): Promise<INestApplication> => start(DeliveriesModule.forRoot({ ...options(), worker: false }));
  const startWorker = (): Promise<INestApplication> => start(DeliveriesModule.forWorker(options()));

  it('wakes the worker at once, whose handlers get all events; a watcher in the web app sees them', async () => {
    const web = await startWeb();
    const worker = await startWorker();
    const deliveries = web.get(DeliveriesService);
    const watched: string[] = [];
    for (const reference of ['A-1', 'A-2', 'A-3']) {
      const begun = performance.now();
      await deliveries.book(bookingOf(reference));
      if (reference === 'A-1') deliveries.watch(reference).subscribe(({ type }) => watched.push(type));
      await until(() => sandbox.ledgerFor({ reference }).orderIds.length === 1, 10_000);
      expect(performance.now() - begun).toBeLessThan(5000);
    }
    // The wakes have come through Redis.
    expect(await keys.redis.xlen(`${keys.prefix}:lalamove-deliveries:events`)).toBeGreaterThanOrEqual(3);
    const [orderId = ''] = sandbox.ledgerFor({ reference: 'A-1' }).orderIds;
    for (const status of ['ON_GOING', 'PICKED_UP', 'COMPLETED'] as const) sandbox.moveOrder(orderId, status);
    await until(() => watched.includes('completed'), 10_000);
    expect(watched.at(-1)).toBe('completed');
    const handled = worker.get(Handler).types;
    await until(() => handled.includes('completed') && handled.includes('webhook'), 10_000);
    expect(handled.filter((type) => type === 'requested')).toHaveLength(3);
    expect(handled.filter((type) => type === 'completed')).toHaveLength(1);
    expect(web.get(Handler).types).toEqual([]);
    expect(sandbox.orders).toHaveLength(3);
  });

  it('leaves the work until a worker starts', async () => {
    const deliveries = (await startWeb()).get(DeliveriesService);
    await deliveries.book(bookingOf('A-1'));
    await pause(1500);
    expect(sandbox.requests.filter(({ path }) => path !== '/v3/webhook')).toEqual([]);
    expect(await deliveries.get('A-1')).toMatchObject({ state: 'requested' });
    const worker = await startWorker();
    await until(() => worker.get(Handler).types.includes('booked'), 10_000);
    expect(await deliveries.get('A-1')).toMatchObject({ state: 'assigning' });
    expect(sandbox.ledgerFor({ reference: 'A-1' }).orderIds).toHaveLength(1);
  });
});
