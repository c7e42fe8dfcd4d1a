import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { DeliveriesModuleOptions } from 'nestjs-lalamove/deliveries';
import { postgresStorage } from 'nestjs-lalamove/deliveries/postgres';
import { SandboxControl } from 'nestjs-lalamove/sandbox';
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyStorage } from '../../src/deliveries/copy-storage.js';
import { bookingOf } from '../support/sample-booking.js';
import { describePostgres, POSTGRES_URL } from '../support/servers.js';
import { CopiedSchema } from './copied-schema.js';
import { MovingWorld, type MovingHost } from './moving-world.js';

/** One delivery in each state, and more. */
const EXPECTED = {
  quoting: 'quoting',
  unknown: 'booking',
  assigning: 'assigning',
  going: 'on_going',
  loaded: 'picked_up',
  completed: 'completed',
  canceled: 'canceled',
  rejected: 'failed',
  expensive: 'needs_attention',
  erased: 'completed',
  failing: 'assigning',
} as const;

/** Their states at the end. */
const ENDS = {
  ...EXPECTED,
  ...{ quoting: 'completed', unknown: 'completed', assigning: 'completed', going: 'completed', loaded: 'completed' },
  ...{ expensive: 'canceled', failing: 'completed' },
};

/** The events of every delivery. */
const ALWAYS = ['requested', 'quoted', 'booked'];

describePostgres('lalamove-deliveries-copy, with apps before and after it', () => {
  let folder: string;
  let file: string;
  let schema: CopiedSchema;
  let world: MovingWorld;
  let host: MovingHost | undefined;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'deliveries-'));
    file = join(folder, 'deliveries.db');
    schema = new CopiedSchema();
    world = await MovingWorld.start();
    host = undefined;
  });

  afterEach(async () => {
    await host?.close();
    await world.stop();
    await schema.drop();
    rmSync(folder, { recursive: true });
  });

  const copy = (...more: string[]): ReturnType<typeof copyStorage> =>
    copyStorage(['--from', file, '--to', POSTGRES_URL, '--schema', schema.name, ...more]);

  function onPostgres(): DeliveriesModuleOptions {
    const leaseClock = (): number => world.clock.now();
    const { name } = schema;
    return {
      storage: postgresStorage({ connectionString: POSTGRES_URL, schema: name, leaseClock, maxConnections: 4 }),
    };
  }

  async function orderOf(reference: string): Promise<string> {
    const { orderId } = (await host?.deliveries.get(reference)) ?? {};
    if (orderId === undefined) throw new TypeError(`The delivery ${reference} has no order.`);
    return orderId;
  }

  async function drive(reference: string, ...steps: ('accept' | 'pick-up' | 'complete')[]): Promise<void> {
    const orderId = await orderOf(reference);
    for (const step of steps) {
      world.sandbox.drive(orderId, { do: step });
      await world.clock.advance('1s');
    }
  }

  /** Works on SQLite until there are deliveries in all states, unmatched webhooks and pending events. */
  async function workOnSqlite(): Promise<void> {
    const policy = { rebook: false, poll: false } as const;
    host = await world.open({ database: { file }, policy }, 'failing');
    const { deliveries, lalamove } = host;
    const book = async (reference: string, more: object = {}): Promise<void> => {
      await deliveries.book(bookingOf(reference, more));
      await world.clock.advance('1s');
    };
    await book('rejected', { metadata: { reference: 'rejected', sandbox: 'rejecting' } });
    await world.clock.advance('4h');
    await book('completed');
    await book('erased');
    await drive('completed', 'accept', 'pick-up', 'complete');
    await drive('erased', 'accept', 'pick-up', 'complete');
    await deliveries.forget('erased');
    await book('canceled');
    await deliveries.cancel('canceled');
    await book('expensive', { maxPrice: '1.00' });
    for (const reference of ['assigning', 'going', 'loaded', 'failing']) await book(reference);
    await drive('going', 'accept');
    await drive('loaded', 'accept', 'pick-up');
    const { quotationId } = await lalamove.createQuotation(bookingOf('by hand').quotation);
    await placeByHand(lalamove, quotationId);
    // Lalamove has this order, but the app does not know it.
    world.sandbox.addFault({ webhook: 'lost', event: ['ORDER_CREATED', 'ORDER_STATUS_CHANGED'], times: 2 });
    world.sandbox.addFault({ call: 'placeOrder', work: 'done', answer: 'reset' });
    await book('unknown');
    await SandboxControl.connect(world.sandbox.url).clearFaults();
    const away = { code: 'LALAMOVE_SERVER_ERROR' } as const;
    world.sandbox.addFault({ call: 'createQuotation', answer: away, times: 'always' });
    await book('quoting');
    await SandboxControl.connect(world.sandbox.url).clearFaults();
    expect(await states()).toEqual(EXPECTED);
    expect(await deliveries.metrics()).toMatchObject({ unmatched: 2, unknownAttempts: 1 });
    await host.close();
    host = undefined;
  }

  async function placeByHand(lalamove: MovingHost['lalamove'], quotationId: string): Promise<void> {
    const { stops } = await lalamove.getQuotation(quotationId);
    const [from, to] = stops.map(({ stopId }) => stopId);
    const { sender, recipients } = bookingOf('by hand');
    await lalamove.placeOrder({
      quotationId,
      sender: { ...sender, stopId: from ?? '' },
      recipients: recipients.map((recipient) => ({ ...recipient, stopId: to ?? '' })),
    });
    await world.clock.advance('1s');
  }

  async function states(): Promise<Record<string, string>> {
    const found: [string, string][] = [];
    for (const reference of Object.keys(EXPECTED)) {
      const delivery = await host?.deliveries.get(reference);
      found.push([reference, delivery?.state ?? 'missing']);
    }
    return Object.fromEntries(found);
  }

  it('goes on with every delivery, and places no order twice', async () => {
    await workOnSqlite();
    const ordersBefore = world.orders;
    const requestsBefore = world.sandbox.requests.length;
    const { code, message } = await copy('--retire');
    expect([code, message]).toEqual([0, expect.stringContaining('Copied')]);
    expect(world.sandbox.requests).toHaveLength(requestsBefore);

    host = await world.open({ ...onPostgres(), policy: { rebook: false, poll: false } });
    const { deliveries, journal } = host;
    for (const [reference, state] of Object.entries(EXPECTED)) {
      if (reference === 'erased') continue;
      const more = reference === 'rejected' ? { metadata: { reference, sandbox: 'rejecting' } } : {};
      const price = reference === 'expensive' ? { maxPrice: '1.00' } : {};
      expect(await deliveries.book(bookingOf(reference, { ...more, ...price }))).toMatchObject({ reference, state });
    }
    expect(await deliveries.metrics()).toMatchObject({ unmatched: 2, unknownAttempts: 1 });
    expect(world.orders).toBe(ordersBefore);

    // Only a webhook of the unknown order shows that it exists.
    const unknown = world.sandbox.ledgerFor({ reference: 'unknown' }).live[0] ?? '';
    world.sandbox.drive(unknown, { do: 'accept' });
    await world.clock.advance('10m');
    expect(await deliveries.get('unknown')).toMatchObject({ state: 'on_going', orderId: unknown });
    expect(await deliveries.get('quoting')).toMatchObject({ state: 'assigning' });
    await drive('unknown', 'pick-up', 'complete');
    for (const reference of ['quoting', 'assigning', 'failing'])
      await drive(reference, 'accept', 'pick-up', 'complete');
    await drive('going', 'pick-up', 'complete');
    await drive('loaded', 'complete');
    await deliveries.resolve('expensive', { cancel: true });
    await world.clock.advance('1h');
    expect(await states()).toEqual(ENDS);
    // One more: that of the delivery without a quotation.
    expect(world.orders).toBe(ordersBefore + 1);
    for (const reference of Object.keys(ENDS)) {
      expect(world.sandbox.ledgerFor({ reference }).orderIds.length).toBeLessThan(2);
    }
    // The events that waited for their handler on SQLite come first, and in order.
    const types = journal.events.flatMap(({ reference, type }) => (reference === 'failing' ? [type] : []));
    expect(types).toEqual([...ALWAYS, 'driver_assigned', 'on_going', 'picked_up', 'completed']);
    const ids = journal.events.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(await deliveries.metrics()).toMatchObject({ unmatched: 2, unknownAttempts: 0, pendingEvents: 0 });
  }, 120_000);

  it('refuses an app that still starts with the file', async () => {
    await workOnSqlite();
    expect(await copy('--retire')).toMatchObject({ code: 0 });
    expect(readdirSync(folder).sort()).toEqual(['deliveries.db.copied', 'deliveries.db.lock']);
    const started = world.open({ database: { file } });
    await expect(started).rejects.toThrow(/It was copied to PostgreSQL and renamed to .*deliveries\.db\.copied: start/);
    expect(existsSync(file)).toBe(false);
    // The way back, as long as no app has worked on PostgreSQL.
    renameSync(`${file}.copied`, file);
    host = await world.open({ database: { file }, policy: { rebook: false, poll: false } });
    expect((await states()).completed).toBe('completed');
  }, 60_000);

  it('refuses a file that an app uses, and a target on which an app has worked since', async () => {
    await workOnSqlite();
    host = await world.open({ database: { file } });
    expect(await copy()).toEqual({ code: 1, message: expect.stringContaining('is in use by another process') });
    await host.close();
    host = undefined;
    expect(await copy()).toMatchObject({ code: 0 });
    host = await world.open(onPostgres(), 'assigning');
    await host.deliveries.cancel('assigning');
    await world.clock.advance('1s');
    const error = `select error from delivery_events where error is not null
      and delivery_id = (select id from deliveries where reference = 'assigning')`;
    expect(await schema.value(error)).toContain('the shop is\uFFFDaway');
    await host.close();
    host = undefined;
    const { code, message } = await copy('--retire');
    expect([code, message]).toEqual([1, expect.stringContaining('The target has other rows than the file')]);
    expect(message).toMatch(/^deliveries +11 +11 +(\w{16}) +(?!\1)\w{16}$/m);
    expect(existsSync(file)).toBe(true);
    const canceled = `select count(*) from deliveries where state = 'canceled'`;
    expect(await schema.value(canceled)).toBe('2');
  }, 60_000);
});
