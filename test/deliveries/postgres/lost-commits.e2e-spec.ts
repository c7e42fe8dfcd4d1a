import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Server } from 'node:http';
import { OnLalamoveEvent, type LalamoveEvent } from 'nestjs-lalamove';
import { OnDelivery, type DeliveryEvent } from 'nestjs-lalamove/deliveries';
import { postgresStorage } from 'nestjs-lalamove/deliveries/postgres';
import { SandboxClock } from 'nestjs-lalamove/sandbox';
import { Pool } from 'pg';
import { failureOf } from '../../support/lalamove.js';
import { bookingOf } from '../../support/sample-booking.js';
import { describePostgres, POSTGRES_URL } from '../../support/servers.js';
import { LineLogger } from '../../webhooks/webhook-host.js';
import { DeliveriesHost } from '../deliveries-host.js';
import { dropSchema, newSchema } from '../tested-storage.js';
import { CommitProxy, type CutAt } from './commit-proxy.js';
import { until } from '../../support/until.js';

/** Statements that name the transaction in which they are. */
const BOOKING = /insert into "[^"]+"\."deliveries"/;
const RESERVATION = /insert into "[^"]+"\."delivery_attempts"/;
const ANSWER = /"order_id" = \$\d+.* where "id" = /s;
const WEBHOOK = /"repeat_key"/;

const AT: readonly CutAt[] = ['before the commit', 'after the commit'];

const UNAPPLIED = `source = 'webhook' and applied_at is null`;

/** Every event that a handler of the host got. */
class Handler {
  static events: string[] = [];
  static webhooks: string[] = [];

  @OnDelivery('*')
  onDelivery({ type }: DeliveryEvent): void {
    Handler.events.push(type);
  }

  @OnLalamoveEvent('*')
  onWebhook({ fingerprint }: LalamoveEvent): void {
    Handler.events.push(fingerprint);
    Handler.webhooks.push(fingerprint);
  }
}

describePostgres('a connection that is cut in the middle of a commit', () => {
  let schema: string;
  let proxy: CommitProxy;
  let host: DeliveriesHost;
  let pool: Pool;
  let logger: LineLogger;
  /** The statuses of the answers to webhooks. */
  let answers: number[];

  beforeEach(async () => {
    schema = newSchema();
    Handler.events = [];
    Handler.webhooks = [];
    answers = [];
    logger = new LineLogger();
    proxy = await CommitProxy.to(POSTGRES_URL);
    pool = new Pool({ connectionString: POSTGRES_URL, max: 2 });
    const storage = postgresStorage({ connectionString: proxy.url, schema, maxConnections: 6 });
    host = await DeliveriesHost.start({
      sandbox: { clock: new SandboxClock(), drivers: 'still', webhooks: { retryPauses: ['1s', '1s'] } },
      deliveries: { clock: undefined, storage, sweepSeconds: 1, logger },
      more: { providers: [Handler] },
    });
    const server = host.app.getHttpServer() as Server;
    server.on('request', (_, response) => response.once('finish', () => answers.push(response.statusCode)));
  });

  afterEach(async () => {
    await host.stop();
    await proxy.stop();
    await pool.end();
    await dropSchema(schema);
  });

  /** As `until`, with the log. */
  const logged = (holds: () => Promise<boolean> | boolean, what: string): Promise<void> =>
    until(holds, 20_000, () => `${what}\n${logger.lines.join('\n')}`);

  const isAssigning = async (): Promise<boolean> => (await host.deliveries.find('A-1'))?.state === 'assigning';

  async function count(table: string, where = 'true'): Promise<number> {
    const { rows } = await pool.query<{ count: number }>(
      `select count(*)::int as count from ${schema}.${table} where ${where}`,
    );
    return rows[0]?.count ?? -1;
  }

  /** Expects one delivery with one order, and that each event was stored and dispatched once. */
  async function expectOneOrder(): Promise<void> {
    await logged(isAssigning, 'the delivery is assigning');
    expect(host.sandbox.ledgerFor({ reference: 'A-1' }).orderIds).toHaveLength(1);
    expect(await count('deliveries')).toBe(1);
    expect(await count('delivery_attempts', `outcome = 'placed'`)).toBe(1);
    expect(await count('delivery_attempts', `outcome in ('reserved', 'unknown')`)).toBe(0);
  }

  it.each(AT)('%s of a booking: a 503 that can be repeated, and the repetition places one order', async (at) => {
    proxy.cutNext(at, BOOKING);
    const failure = await failureOf(host.deliveries.book(bookingOf('A-1')));
    expect(proxy.cuts).toBe(1);
    expect(failure).toMatchObject({ name: 'DeliveriesStoreException', retryable: true });
    expect(failure.message).toContain('it may be committed or not');
    expect(await count('deliveries')).toBe(at === 'after the commit' ? 1 : 0);
    expect(await count('delivery_events', `type = 'requested'`)).toBe(at === 'after the commit' ? 1 : 0);
    await host.deliveries.book(bookingOf('A-1'));
    await expectOneOrder();
    expect(await count('delivery_events', `type = 'requested'`)).toBe(1);
  });

  it('after the commit of a booking: the sweeper places the order if nobody repeats the call', async () => {
    proxy.cutNext('after the commit', BOOKING);
    await failureOf(host.deliveries.book(bookingOf('A-1')));
    await expectOneOrder();
  });

  it.each(AT)('%s of a reservation: the order is posted once, by a later attempt', async (at) => {
    proxy.cutNext(at, RESERVATION);
    await host.deliveries.book(bookingOf('A-1'));
    await expectOneOrder();
    expect(proxy.cuts).toBe(1);
    // The attempt whose commit was not known is withdrawn, because its order was certainly not posted.
    expect(await count('delivery_attempts')).toBe(at === 'after the commit' ? 2 : 1);
  });

  it.each(AT)('%s of the answer to an order: it is stored by a retry, and not posted again', async (at) => {
    proxy.cutNext(at, ANSWER);
    await host.deliveries.book(bookingOf('A-1'));
    await expectOneOrder();
    expect(proxy.cuts).toBe(1);
    expect(await count('delivery_attempts')).toBe(1);
    expect(await count('delivery_events', `type = 'placed'`)).toBeLessThanOrEqual(1);
  });

  /** Places an order, and then cuts commits of the webhook that says that a driver is assigned. */
  async function cutWebhook(at: CutAt, times: number): Promise<void> {
    await host.deliveries.book(bookingOf('A-1'));
    await expectOneOrder();
    const [orderId = ''] = host.sandbox.ledgerFor({ reference: 'A-1' }).orderIds;
    await logged(() => answers.length > 0, 'the first webhook');
    answers.length = 0;
    proxy.cutNext(at, WEBHOOK, times);
    host.sandbox.moveOrder(orderId, 'ON_GOING');
    await logged(async () => (await host.deliveries.get('A-1')).state === 'on_going', 'the driver is known');
  }

  /** Expects that each webhook was stored and dispatched once. */
  async function expectEachOnce(): Promise<void> {
    await logged(async () => (await host.deliveries.metrics()).pendingEvents === 0, 'all events are dispatched');
    expect(Handler.events).toEqual([...new Set(Handler.events)]);
    expect(await count('delivery_events', `source = 'webhook'`)).toBe(Handler.webhooks.length);
    await logged(async () => (await count('delivery_events', UNAPPLIED)) === 0, 'all webhooks are applied');
  }

  it.each(AT)('%s of a webhook: it is answered with 200 if a second transaction succeeds', async (at) => {
    await cutWebhook(at, 1);
    expect(proxy.cuts).toBe(1);
    expect(new Set(answers)).toEqual(new Set([200]));
    await expectEachOnce();
  });

  it.each(AT)('%s of a webhook, each time: it is answered with 503 and stored once when it comes again', async (at) => {
    // One transaction with the effect, one without: three cuts of two webhooks hit both of at least one of them.
    await cutWebhook(at, 3);
    await logged(() => answers.includes(503), 'a webhook is refused');
    const refused = answers.filter((status) => status === 503).length;
    await logged(() => answers.filter((status) => status === 200).length >= refused, 'it comes again');
    expect(new Set(answers)).toEqual(new Set([200, 503]));
    await expectEachOnce();
  });
});
