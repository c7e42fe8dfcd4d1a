import type { Server } from 'node:http';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { DeliveriesStoreException, type DeliveriesHooks } from 'nestjs-lalamove/deliveries';
import { postgresStorage, type PostgresStorageOptions } from 'nestjs-lalamove/deliveries/postgres';
import { SandboxClock } from 'nestjs-lalamove/sandbox';
import { Client, Pool, type PoolConfig } from 'pg';
import { failureOf } from '../../support/lalamove.js';
import { bookingOf } from '../../support/sample-booking.js';
import { describePostgres, POSTGRES_URL } from '../../support/servers.js';
import { LineLogger } from '../../webhooks/webhook-host.js';
import { DeliveriesHost } from '../deliveries-host.js';
import { dropSchema, newSchema } from '../tested-storage.js';
import { until } from '../../support/until.js';

/** The timeouts of a host's pool, in ms, and the SQLSTATE and the remedy of the errors that they lead to. */
const LIMITS: readonly (readonly [name: keyof PoolConfig, code: string])[] = [
  ['lock_timeout', '55P03'],
  ['statement_timeout', '57014'],
];

describePostgres('a row or a table that another session has locked', () => {
  let schema: string;
  let host: DeliveriesHost;
  let pool: Pool | undefined;
  let other: Client;
  let logger: LineLogger;
  /** The statuses of the answers to webhooks. */
  let answers: number[];

  beforeEach(async () => {
    [schema, answers, pool, logger] = [newSchema(), [], undefined, new LineLogger()];
    other = new Client({ connectionString: POSTGRES_URL });
    await other.connect();
  });

  afterEach(async () => {
    await other.end();
    await host.stop();
    await pool?.end();
    await dropSchema(schema);
  });

  async function start(source: PostgresStorageOptions, hooks: DeliveriesHooks = {}): Promise<void> {
    host = await DeliveriesHost.start({
      sandbox: { clock: new SandboxClock(), webhooks: { retryPauses: ['300ms', '300ms', '300ms', '300ms', '300ms'] } },
      deliveries: { clock: undefined, storage: postgresStorage({ ...source, schema }), sweepSeconds: 1, logger, hooks },
    });
    const server = host.app.getHttpServer() as Server;
    server.on('request', (_, response) => response.once('finish', () => answers.push(response.statusCode)));
  }

  async function startOnPool(limit: keyof PoolConfig, hooks: DeliveriesHooks = {}): Promise<Pool> {
    pool = new Pool({ connectionString: POSTGRES_URL, max: 4, [limit]: 200 });
    await start({ pool }, hooks);
    return pool;
  }

  /** As `until`, with the log. */
  const logged = (holds: () => Promise<boolean> | boolean, what: string): Promise<void> =>
    until(holds, 20_000, () => `${what}\n${logger.lines.join('\n')}`);

  const isIn = async (state: string): Promise<boolean> => (await host.deliveries.find('A-1'))?.state === state;

  /** Holds a lock of another session while something happens. */
  async function locked(statement: string, work: () => Promise<void>): Promise<void> {
    await other.query('begin');
    await other.query(statement.replaceAll('SCHEMA', schema));
    await work().finally(() => other.query('rollback'));
  }

  /** Only the listening connection is in use, nobody waits for one, and all can be used. */
  async function expectNoLeak(used: Pool): Promise<void> {
    await logged(() => used.waitingCount === 0 && used.totalCount - used.idleCount === 1, 'connections are returned');
    await Promise.all(Array.from({ length: 12 }, () => host.deliveries.get('A-1')));
    expect(used.totalCount).toBeLessThanOrEqual(4);
  }

  it.each(LIMITS)('is refused with a 503 by a tiny %s, and leaks no connection', async (limit, code) => {
    const used = await startOnPool(limit);
    await locked('lock table SCHEMA.deliveries in exclusive mode', async () => {
      for (let call = 0; call < 6; call += 1) {
        const failure = await failureOf(host.deliveries.book(bookingOf('A-1')));
        expect(failure).toBeInstanceOf(DeliveriesStoreException);
        expect(failure).toMatchObject({ retryable: true, cause: { code } });
        expect(failure.message).toContain(limit);
      }
    });
    expect(host.sandbox.orders).toEqual([]);
    await host.deliveries.book(bookingOf('A-1'));
    await logged(() => isIn('assigning'), 'the order is placed');
    await locked('select 1 from SCHEMA.deliveries for update', async () => {
      const failure = await failureOf(host.deliveries.cancel('A-1'));
      expect(failure).toMatchObject({ name: 'DeliveriesStoreException', retryable: true, cause: { code } });
    });
    await host.deliveries.cancel('A-1');
    await logged(() => isIn('canceled'), 'the order is canceled');
    await expectNoLeak(used);
  });

  it.each(LIMITS)('keeps a worker with a tiny %s from reserving; the order is placed once later', async (limit) => {
    const used = await startOnPool(limit);
    await locked('lock table SCHEMA.delivery_attempts in exclusive mode', async () => {
      await host.deliveries.book(bookingOf('A-1'));
      await logged(() => logger.of('error').length > 0, 'the worker fails');
      expect(host.sandbox.orders).toEqual([]);
    });
    await logged(() => isIn('assigning'), 'the order is placed');
    expect(host.sandbox.ledgerFor({ reference: 'A-1' }).orderIds).toHaveLength(1);
    await expectNoLeak(used);
  });

  it('stores the answer to a posted order when the lock is released, and posts nothing again', async () => {
    const used = await startOnPool('lock_timeout', {
      onStep: async (step) => {
        if (step !== 'posting') return;
        await other.query('begin');
        await other.query(`select 1 from ${schema}.deliveries for update`);
      },
    });
    await host.deliveries.book(bookingOf('A-1'));
    await logged(() => logger.lines.some((line) => line.includes('could not be stored')), 'the answer is not stored');
    expect(await isIn('booking')).toBe(true);
    await other.query('rollback');
    await logged(() => isIn('assigning'), 'the answer is stored');
    expect(host.sandbox.ledgerFor({ reference: 'A-1' }).orderIds).toHaveLength(1);
    await expectNoLeak(used);
  });

  it.each(LIMITS)('lets a webhook wait with a tiny %s: stored without its effect, or a 503', async (limit) => {
    const used = await startOnPool(limit);
    await host.deliveries.book(bookingOf('A-1'));
    await logged(() => isIn('assigning'), 'the order is placed');
    const [orderId = ''] = host.sandbox.ledgerFor({ reference: 'A-1' }).orderIds;
    await logged(() => answers.length > 0, 'the first webhook');
    answers.length = 0;
    await locked('select 1 from SCHEMA.deliveries for update', async () => {
      host.sandbox.moveOrder(orderId, 'ON_GOING');
      await logged(() => answers.includes(200), 'the webhook is stored');
    });
    await logged(() => isIn('on_going'), 'the effect of the webhook');
    answers.length = 0;
    await locked('lock table SCHEMA.delivery_events in exclusive mode', async () => {
      host.sandbox.moveOrder(orderId, 'PICKED_UP');
      await logged(() => answers.includes(503), 'the webhook is refused');
    });
    await logged(() => answers.includes(200) && isIn('picked_up'), 'the webhook comes again');
    expect(host.sandbox.orders).toHaveLength(1);
    await expectNoLeak(used);
  });

  it('is refused by the own pool after 10 seconds', async () => {
    await start({ connectionString: POSTGRES_URL, maxConnections: 4 });
    await host.deliveries.book(bookingOf('A-1'));
    await logged(() => isIn('assigning'), 'the order is placed');
    await locked('select 1 from SCHEMA.deliveries for update', async () => {
      const begun = performance.now();
      const failure = await failureOf(host.deliveries.cancel('A-1'));
      expect(performance.now() - begun).toBeGreaterThan(9000);
      expect(failure).toMatchObject({ retryable: true, cause: { code: '55P03' } });
      expect(failure.message).toContain('A lock was not free within lock_timeout. The call can be repeated');
    });
    await host.deliveries.cancel('A-1');
    await logged(() => isIn('canceled'), 'the order is canceled');
  });
});
