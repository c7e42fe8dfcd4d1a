import { afterEach, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { LalamoveModule, LalamoveService } from 'nestjs-lalamove';
import {
  DeliveriesModule,
  DeliveriesOptionsException,
  DeliveriesService,
  openDatabase,
} from 'nestjs-lalamove/deliveries';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom } from 'rxjs';
import { DeliveriesHost } from './deliveries-host.js';
import { ORDER } from '../support/inputs.js';
import { failureOf, KEYS } from '../support/lalamove.js';
import { bookingOf } from '../support/sample-booking.js';

const HALF = '\ud800';

/** Metadata with this size in bytes of JSON, mostly in characters of three bytes. */
function metadataOf(bytes: number): Record<string, string> {
  const rest = bytes - Buffer.byteLength(JSON.stringify({ reference: '' }));
  return { reference: '配'.repeat(Math.floor(rest / 3)) + 'x'.repeat(rest % 3) };
}

describe('a booking', () => {
  let host: DeliveriesHost;

  afterEach(() => host.stop());

  const booked = bookingOf('A-1');
  const [first, second] = booked.quotation.stops;

  it.each([
    ['reference', { ...booked, reference: `L${HALF}` }, '/reference'],
    ['account', bookingOf('A-1', { account: `L${HALF}` }), '/account'],
    ['a name', bookingOf('A-1', { sender: { name: HALF, phone: '+85221234567' } }), '/sender/name'],
    [
      'an address',
      { ...booked, quotation: { ...booked.quotation, stops: [first, { ...second, address: HALF }] } },
      '/quotation/stops/1/address',
    ],
    ['a value of metadata', bookingOf('A-1', { metadata: { 'a/b': HALF } }), '/metadata/a~1b'],
    ['a key of metadata', bookingOf('A-1', { metadata: { [HALF]: 'a' } }), '/metadata'],
    ['partner', bookingOf('A-1', { partner: HALF }), '/partner'],
    ['an unknown field', { ...booked, more: [HALF] }, '/more/0'],
  ])('with half a surrogate pair in %s is refused', async (_, input, pointer) => {
    host = await DeliveriesHost.start();
    expect(await failureOf(host.deliveries.book(input as typeof booked))).toMatchObject({
      name: 'InvalidDeliveryException',
      errors: [{ pointer, message: expect.stringContaining('half a surrogate pair') }],
    });
    expect((await host.deliveries.list()).deliveries).toEqual([]);
  });

  it.each([
    ['maxprice', 'maxPrice'],
    ['max_price', 'maxPrice'],
    ['is-pod-enabled', 'isPODEnabled'],
    ['Account', 'account'],
  ])('with %s instead of %s is refused, because a limit would be lost', async (name, meant) => {
    host = await DeliveriesHost.start();
    const { sender, reference, quotation, recipients } = booked;
    const input = { sender, reference, quotation, recipients, [name]: '1', note: 'for the shop alone' };
    expect(await failureOf(host.deliveries.book(input))).toMatchObject({
      name: 'InvalidDeliveryException',
      errors: [{ pointer: `/${name}`, message: expect.stringContaining(`write ${meant}`) }],
    });
  });

  it('that is not valid is refused with a message that names the first fault', async () => {
    host = await DeliveriesHost.start();
    const phone = { name: 'Ada', phone: '12' };
    const two = await failureOf(host.deliveries.book({ ...booked, sender: phone, recipients: [phone] }));
    expect(two.message).toMatch(/^The delivery is not valid: phone must be .+ \(\/sender\/phone\), and 1 more\.$/);
    const key = { ...booked, metadata: { ['a\nb']: HALF } };
    expect((await failureOf(host.deliveries.book(key))).message).toContain('(/metadata/a?b)');
  });

  it('is not found by half a surrogate pair, which the database would store as another string', async () => {
    host = await DeliveriesHost.start();
    await host.deliveries.book(bookingOf('L\ufffd'));
    expect(await host.deliveries.find(`L${HALF}`)).toBeNull();
    await expect(host.deliveries.get(`L${HALF}`)).rejects.toThrow('There is no delivery');
    await expect(host.deliveries.cancel(`L${HALF}`)).rejects.toThrow('There is no delivery');
    await expect(host.deliveries.list({ account: HALF })).rejects.toMatchObject({ errors: [{ pointer: '/account' }] });
  });

  it('keeps its exact reference: a whole surrogate pair, and é as one character or as two', async () => {
    host = await DeliveriesHost.start();
    for (const reference of ['🛵', '\u00e9', 'e\u0301']) await host.deliveries.book(bookingOf(reference));
    expect((await host.deliveries.list()).deliveries).toHaveLength(3);
    expect(await host.deliveries.get('e\u0301')).toMatchObject({ reference: 'e\u0301' });
  });

  it('can have metadata of exactly 64 kB as JSON, but not more', async () => {
    host = await DeliveriesHost.start();
    await host.deliveries.book(bookingOf('A-1', { metadata: metadataOf(65_536) }));
    await host.settle();
    expect(await host.deliveries.get('A-1')).toMatchObject({ state: 'assigning' });
    expect(await failureOf(host.deliveries.book(bookingOf('A-2', { metadata: metadataOf(65_537) })))).toMatchObject({
      name: 'InvalidDeliveryException',
      errors: [{ pointer: '/metadata', message: expect.stringContaining('65536 bytes') }],
    });
    const lalamove = host.app.get(LalamoveService);
    expect(await failureOf(lalamove.placeOrder({ ...ORDER, metadata: metadataOf(65_537) }))).toMatchObject({
      name: 'InvalidRequestException',
      upstreamStatus: undefined,
      errors: [{ pointer: '/data/metadata' }],
    });
  });

  it('can have 256 kB as JSON in total', async () => {
    host = await DeliveriesHost.start();
    const partner = (bytes: number): string => 'x'.repeat(bytes - JSON.stringify({ ...booked, partner: '' }).length);
    await host.deliveries.book({ ...booked, partner: partner(262_144) });
    expect(await failureOf(host.deliveries.book({ ...booked, partner: partner(262_145) }))).toMatchObject({
      name: 'InvalidDeliveryException',
      errors: [{ pointer: '', message: 'must be at most 262144 bytes as JSON, but has 262145' }],
    });
  });

  const rejecting = Promise.reject(new Error('No sender.'));
  rejecting.catch(() => undefined);

  it.each([
    ['a function', { ...booked, more: { 'a/b': [() => 1] } }, '/more/a~1b/0'],
    ['a symbol', { ...booked, more: Symbol('a') }, '/more'],
    ['a promise', { ...booked, sender: Promise.resolve(booked.sender) }, '/sender'],
    ['a promise that rejects', { ...booked, sender: rejecting }, '/sender'],
    ['a proxy', { ...booked, recipients: [new Proxy(booked.recipients[0] ?? {}, {})] }, '/recipients/0'],
    ['a function in the policy', { ...booked, policy: { poll: () => false } }, '/policy/poll'],
    ['a function in its place', () => booked, ''],
  ])('with %s in it is refused', async (_, input: unknown, pointer) => {
    host = await DeliveriesHost.start();
    expect(await failureOf(host.deliveries.book(input as typeof booked))).toMatchObject({
      name: 'InvalidDeliveryException',
      errors: [{ pointer }],
    });
    expect((await host.deliveries.list()).deliveries).toEqual([]);
  });

  it('is looked up by strings: every method refuses other types, and treats null as left out', async () => {
    host = await DeliveriesHost.start();
    const { deliveries } = host;
    await deliveries.book(booked, null as never);
    await deliveries.book(bookingOf('A-2'), { trx: null as never });
    const methods = {
      find: (...asked: [never, never]) => deliveries.find(...asked),
      get: (...asked: [never, never]) => deliveries.get(...asked),
      cancel: (...asked: [never, never]) => deliveries.cancel(...asked),
      forget: (...asked: [never, never]) => deliveries.forget(...asked),
      timeline: (...asked: [never, never]) => deliveries.timeline(...asked),
      position: (...asked: [never, never]) => deliveries.position(...asked),
      resolve: (reference: never, options: never) => deliveries.resolve(reference, { cancel: true }, options),
      watch: (...asked: [never, never]) => firstValueFrom(deliveries.watch(...asked)),
      list: (_: never, query: never) => deliveries.list(query),
    };
    const odd: unknown[] = [5, ['A-1'], {}, null, undefined, true, Symbol('A-1'), () => 'A-1'];
    for (const [name, method] of Object.entries(methods)) {
      const refused = async (reference: unknown, options: unknown, pointer: string): Promise<void> => {
        const refusal = await failureOf(Promise.resolve(method(reference as never, options as never)));
        const { name: kind, errors } = refusal as Error & { errors?: unknown };
        expect({ name, kind, errors }).toMatchObject({ kind: 'InvalidDeliveryException', errors: [{ pointer }] });
      };
      for (const reference of name === 'list' ? [] : odd) await refused(reference, {}, '/reference');
      for (const account of [5, {}, ['x'], true, Symbol('x')]) await refused('A-1', { account }, '/account');
      for (const options of [5, 'merchant', ['x'], () => 1]) await refused('A-1', options, '');
    }
    for (const cursor of [5, ['1.a'], {}, '']) {
      const refusal = await failureOf(deliveries.list({ cursor: cursor as never }));
      expect(refusal).toMatchObject({ name: 'InvalidDeliveryException', errors: [{ pointer: '/cursor' }] });
    }
    expect((await deliveries.list(null as never)).deliveries).toHaveLength(2);
    const nothing = { account: null, state: null, cursor: null, limit: null };
    expect((await deliveries.list(nothing as never)).deliveries).toHaveLength(2);
    expect(await deliveries.get('A-1', null as never)).toMatchObject({ reference: 'A-1', cancellation: 'none' });
    expect(await deliveries.find('A-1', { account: null as never })).toMatchObject({ reference: 'A-1' });
  });

  it('is refused and not stored if trx is not an open transaction on this database', async () => {
    host = await DeliveriesHost.start();
    const other = await openDatabase({ file: ':memory:' });
    const own = host.deliveries.database;
    const refused = async (trx: unknown): Promise<void> => {
      const refusal = await failureOf(host.deliveries.book(booked, { trx: trx as never }));
      expect(refusal).toMatchObject({ name: 'InvalidDeliveryException', errors: [{ pointer: '/trx' }] });
    };
    for (const trx of [5, {}, [], own, other, { isTransaction: true }]) await refused(trx);
    await other.transaction().execute(refused);
    await own.transaction().execute((trx) =>
      other.transaction().execute(async (wrong) => {
        await refused(wrong);
        await host.deliveries.book(bookingOf('A-2'), { trx });
      }),
    );
    // A transaction that has ended would write without a transaction.
    let ended: unknown;
    await own.transaction().execute((trx) => {
      ended = trx;
      return Promise.resolve();
    });
    await refused(ended);
    for (const [db, references] of [
      [own, ['A-2']],
      [other, []],
    ] as const) {
      const rows = await db.selectFrom('deliveries').select('reference').execute();
      expect(rows.map(({ reference }) => reference)).toEqual(references);
    }
    await other.destroy();
  });

  it('is refused if it cannot be serialized as JSON', async () => {
    host = await DeliveriesHost.start();
    expect(await failureOf(host.deliveries.book({ ...booked, more: 1n } as typeof booked))).toMatchObject({
      name: 'InvalidDeliveryException',
      errors: [{ pointer: '', message: 'cannot be written as JSON' }],
    });
  });
});

describe('DeliveriesModule', () => {
  let folder: string;

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const file = (name: string): { database: { file: string } } => {
    folder ||= mkdtempSync(join(tmpdir(), 'deliveries-'));
    return { database: { file: join(folder, name) } };
  };

  it.each(['one file', 'two files'])('is refused if an app imports it twice, on %s', async (_) => {
    folder = '';
    @Module({ imports: [DeliveriesModule.forRoot(file(_ === 'one file' ? 'a.db' : 'b.db'))] })
    class Feature {}

    const imports = [LalamoveModule.forRoot(KEYS), DeliveriesModule.forRoot(file('a.db')), Feature];
    const refusal: unknown = await Test.createTestingModule({ imports })
      .compile()
      .catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(DeliveriesOptionsException);
    expect(String(refusal)).toContain('imported twice in this app');
    expect(String(refusal)).toContain('import it once, in the root module');
  });

  it('serves two apps in one process, each with its own file', async () => {
    folder = '';
    const apps = await Promise.all(
      ['a.db', 'b.db'].map((name) =>
        Test.createTestingModule({
          imports: [LalamoveModule.forRoot(KEYS), DeliveriesModule.forRoot(file(name))],
        }).compile(),
      ),
    );
    for (const app of apps) expect(await app.get(DeliveriesService).find('A-1')).toBeNull();
    await Promise.all(apps.map((app) => app.close()));
  });

  it('can be imported by many modules of an app if it is the same dynamic module', async () => {
    folder = '';
    const deliveries = DeliveriesModule.forRoot(file('a.db'));

    @Module({ imports: [deliveries] })
    class Feature {}

    const app = await Test.createTestingModule({
      imports: [LalamoveModule.forRoot(KEYS), deliveries, Feature],
    }).compile();
    expect(await app.get(DeliveriesService).find('A-1')).toBeNull();
    await app.close();
  });
});
