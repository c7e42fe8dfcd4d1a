import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Body, Controller, Get, Param, Post, Query, ValidationPipe } from '@nestjs/common';
import {
  BookDeliveryDto,
  DeliveriesModule,
  DeliveriesOptionsException,
  DeliveriesService,
  type Delivery,
  type DeliveryEvent,
} from 'nestjs-lalamove/deliveries';
import { sql } from 'kysely';
import { LalamoveModule, LalamoveService } from 'nestjs-lalamove';
import { type DeliveriesHostOptions } from './deliveries-host.js';
import { until } from '../support/until.js';
import { bookingOf } from '../support/sample-booking.js';
import { JournaledHost } from './journaled-host.js';
import { PLATFORMS, request, startHost } from '../support/host-app.js';
import { failureOf, KEYS } from '../support/lalamove.js';

/** A controller like in a host app. The filter answers its errors. */
@Controller('deliveries')
class DeliveriesController {
  constructor(private readonly deliveries: DeliveriesService) {}

  @Post()
  book(@Body(new ValidationPipe({ transform: true, whitelist: true })) body: BookDeliveryDto): Promise<Delivery> {
    return this.deliveries.book(body);
  }

  @Post('unchecked')
  unchecked(@Body() body: BookDeliveryDto): Promise<Delivery> {
    return this.deliveries.book(body);
  }

  @Get()
  list(@Query() { cursor }: Record<string, string>): Promise<unknown> {
    return this.deliveries.list({ ...(cursor !== undefined && { cursor }) });
  }

  @Get(':reference')
  get(@Param('reference') reference: string): Promise<Delivery> {
    return this.deliveries.get(reference);
  }

  @Get(':reference/timeline')
  timeline(@Param('reference') reference: string): Promise<unknown> {
    return this.deliveries.timeline(reference);
  }

  @Post(':reference/cancellation')
  cancel(@Param('reference') reference: string): Promise<Delivery> {
    return this.deliveries.cancel(reference);
  }
}

let host: JournaledHost | undefined;

async function start(options: DeliveriesHostOptions = {}): Promise<JournaledHost> {
  host = await JournaledHost.start({
    ...options,
    more: { controllers: [DeliveriesController], ...options.more },
    deliveries: { sweepSeconds: 300, ...options.deliveries },
  });
  return host;
}

const ANN = { apiKey: 'pk_test_ann', apiSecret: 'sk_test_ann', market: 'HK' };

/** Query strings have no types. */
function isQuery(value: object): value is NonNullable<Parameters<DeliveriesService['list']>[0]> {
  return Object.keys(value).length > 0;
}

describe('DeliveriesService', () => {
  afterEach(async () => {
    const ended = host;
    host = undefined;
    await ended?.stop();
  });

  describe.each(PLATFORMS)('on %s', (platform) => {
    it('books one order for fifty concurrent calls, and refuses a different request', async () => {
      const { sandbox, host: inner } = await start({ platform });
      const { reference, ...rest } = bookingOf('A-1');
      const { quotation, ...others } = rest;
      const spellings = [bookingOf('A-1'), { ...others, quotation, reference }, { quotation, ...others, reference }];
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, index) => request('POST', `${inner.url}/deliveries`, spellings[index % 3])),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
      const ours = ({ body }: (typeof answers)[number]): unknown => [body.reference, body.createdAt, body.metadata];
      expect(new Set(answers.map((answer) => JSON.stringify(ours(answer)))).size).toBe(1);
      await inner.settle();
      expect(sandbox.ledgerFor({ reference: 'A-1' }).orderIds).toHaveLength(1);
      const other = { ...bookingOf('A-1'), isPODEnabled: true };
      expect(await request('POST', `${inner.url}/deliveries`, other)).toMatchObject({
        status: 409,
        body: { code: 'LALAMOVE_DELIVERY_CONFLICT' },
      });
      await expect(inner.deliveries.book({ ...bookingOf('A-1'), partner: undefined })).resolves.toMatchObject({
        state: 'assigning',
      });
    });

    it.each([
      ['nest', 'statusCode', 'application/json'],
      ['problem', 'type', 'application/problem+json'],
    ] as const)('answers errors in the format %s', async (format, member, type) => {
      const { host: inner } = await start({ platform, lalamove: { errors: { format } } });
      const { quotation } = bookingOf('A-1');
      const invalid = {
        ...bookingOf('A-1', { maxPrice: '-1' }),
        sender: { name: '', phone: '1' },
      };
      const post = (body: unknown): ReturnType<typeof request> =>
        request('POST', `${inner.url}/deliveries/unchecked`, body);
      const answer = await post(invalid);
      expect(answer).toMatchObject({ status: 422, body: { code: 'LALAMOVE_DELIVERY_INVALID' } });
      expect(answer.headers.get('content-type')).toContain(type);
      expect(answer.body).toHaveProperty(member);
      const pointersOf = ({ body }: typeof answer): unknown[] =>
        (Array.isArray(body.errors) ? body.errors : []).map(({ pointer }: { pointer: unknown }) => pointer);
      expect(pointersOf(answer)).toEqual(expect.arrayContaining(['/maxPrice', '/sender/phone']));
      const two = { ...bookingOf('A-1'), recipients: [...bookingOf('').recipients, ...bookingOf('').recipients] };
      expect(pointersOf(await post(two))).toEqual(['/recipients']);
      const policy = { rebook: { maxAttempts: 0 }, raiseFee: [{ afterMinutes: 5 }], hope: true, poll: false };
      expect(pointersOf(await post({ ...bookingOf('A-1'), policy })).sort()).toEqual([
        '/policy/hope',
        '/policy/raiseFee',
        '/policy/rebook',
      ]);
      expect(pointersOf(await post({ ...bookingOf('A-1'), quotation: { ...quotation, stops: [] } }))).toContain(
        '/quotation/stops',
      );
      for (const [method, path] of [
        ['GET', 'A-9'],
        ['GET', 'A-9/timeline'],
        ['POST', 'A-9/cancellation'],
      ] as const) {
        expect(await request(method, `${inner.url}/deliveries/${path}`)).toMatchObject({
          status: 404,
          body: { code: 'LALAMOVE_DELIVERY_NOT_FOUND' },
        });
      }
      expect(await request('GET', `${inner.url}/deliveries?cursor=x`)).toMatchObject({ status: 422 });
      expect((await inner.deliveries.list()).deliveries).toEqual([]);
    });

    it('treats null as left out', async () => {
      const { host: inner, sandbox } = await start({ platform });
      const nulls = { account: null, maxPrice: null, metadata: { reference: 'A-1' }, partner: undefined };
      const answer = await request('POST', `${inner.url}/deliveries/unchecked`, { ...bookingOf('A-1'), ...nulls });
      expect(answer).toMatchObject({ status: 201 });
      await inner.settle();
      expect(await inner.deliveries.get('A-1')).toMatchObject({ state: 'assigning', account: undefined });
      expect(sandbox.ledgerFor({ reference: 'A-1' }).live).toHaveLength(1);
    });
  });

  it('finds deliveries, lists them by page, state and account, and counts them', async () => {
    const { deliveries, host: inner } = await start();
    expect(await deliveries.find('A-1')).toBeNull();
    for (const number of [1, 2, 3, 4, 5]) await deliveries.book(bookingOf(`A-${number}`));
    await inner.settle();
    await deliveries.cancel('A-3');
    const first = await deliveries.list({ limit: 2 });
    const second = await deliveries.list({ limit: 2, cursor: first.cursor ?? '' });
    const third = await deliveries.list({ limit: 2, cursor: second.cursor ?? '' });
    const found = [first, second, third].flatMap((page) => page.deliveries.map(({ reference }) => reference));
    expect(found.sort()).toEqual(['A-1', 'A-2', 'A-3', 'A-4', 'A-5']);
    expect(third.cursor).toBeUndefined();
    expect((await deliveries.list({ state: 'canceled' })).deliveries).toMatchObject([{ reference: 'A-3' }]);
    expect((await deliveries.list({ account: 'ann' })).deliveries).toEqual([]);
    expect(await deliveries.metrics()).toMatchObject({ byState: { assigning: 4, canceled: 1 }, lagMs: 0 });
  });

  it.each([
    [{ state: 'lost' }, '/state', 'must be one of requested, quoting, '],
    [{ limit: 0 }, '/limit', 'must be a whole number from 1 to 1000'],
    [{ limit: 1001 }, '/limit', 'must be a whole number from 1 to 1000'],
    [{ limit: 1.5 }, '/limit', 'must be a whole number from 1 to 1000'],
    [{ cursor: 'here' }, '/cursor', 'must be the one that the page before has returned'],
  ])('refuses %j as a query', async (query, pointer, message) => {
    const { deliveries } = await start();
    if (!isQuery(query)) throw new TypeError('It is not a query.');
    const refusal: unknown = await deliveries.list(query).catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      name: 'InvalidDeliveryException',
      errors: [{ pointer, message: expect.stringContaining(message) }],
    });
  });

  it.each([false, true])('shows every event to a watcher until the end, also without webhooks (%s)', async (isLost) => {
    const h = await start({ sandbox: { drivers: 'prompt' } });
    if (isLost) h.sandbox.addFault({ webhook: 'lost', times: 'always' });
    const seen: DeliveryEvent[] = [];
    const done: string[] = [];
    await h.deliveries.book(bookingOf('A-1', { policy: { poll: { everySeconds: 7200, maxSeconds: 7200 } } }));
    h.deliveries.watch('A-1').subscribe({ next: (event) => seen.push(event), complete: () => done.push('completed') });
    h.deliveries.watch('A-9').subscribe({ error: (error: Error) => done.push(error.name) });
    await h.after('3h');
    expect(seen.map(({ type }) => type)).toEqual(h.eventTypes().filter((type) => type !== 'requested'));
    expect(seen.at(-1)).toMatchObject({ type: 'completed' });
    expect(done).toEqual(['DeliveryNotFoundException', 'completed']);
    h.deliveries.watch('A-1').subscribe({ complete: () => done.push('at once') });
    await until(() => done.at(-1) === 'at once', 5000);
    expect(done.at(-1)).toBe('at once');
  });

  it('calls handlers for a booking at once, even if Lalamove is down', async () => {
    const h = await start();
    h.sandbox.addFault({ call: 'createQuotation', answer: { code: 'LALAMOVE_SERVER_ERROR' } });
    await h.book();
    expect(h.eventTypes()).toEqual(['requested']);
  });

  it('erases personal data but recognizes the request: by forget() or after retentionDays', async () => {
    const h = await start({ sandbox: { drivers: 'prompt' }, deliveries: { retentionDays: 2 } });
    await h.book();
    await expect(h.deliveries.forget('A-1')).rejects.toThrow('only what has ended');
    await h.after('2h');
    const storedText = async (): Promise<string> => {
      const tables = ['deliveries', 'delivery_attempts', 'delivery_events'] as const;
      const rows = tables.map((table) => h.deliveries.database.selectFrom(table).selectAll().execute());
      return JSON.stringify(await Promise.all<unknown>(rows));
    };
    expect(await storedText()).toContain('+85251234567');
    await h.deliveries.forget('A-1');
    const left = await storedText();
    for (const personal of ['85251234567', '85221234567', 'Ada', 'Victoria Peak']) expect(left).not.toContain(personal);
    await h.deliveries.forget('A-1');
    expect(await h.deliveries.book(bookingOf('A-1'))).toMatchObject({ state: 'completed', metadata: {} });
    await expect(h.deliveries.book(bookingOf('A-1', { isPODEnabled: true }))).rejects.toThrow(
      'already belongs to a delivery with another content: use',
    );
    expect((await h.deliveries.timeline('A-1')).length).toBeGreaterThan(6);
    await h.book('A-2');
    await h.after('47h', 'A-2');
    expect(await storedText()).toContain('+85251234567');
    await h.after('4h', 'A-2');
    expect(await storedText()).not.toContain('85251234567');
  });

  it('commits or rolls back a booking together with the host’s own row', async () => {
    const h = await start();
    const { deliveries } = h;
    // In PostgreSQL the table is beside the schema of deliveries, and outlives a failed run.
    await sql`drop table if exists host_orders`.execute(deliveries.database);
    await sql`create table host_orders (reference text)`.execute(deliveries.database);
    const book = async (reference: string, isFailing: boolean): Promise<void> => {
      await deliveries.database.transaction().execute(async (trx) => {
        await sql`insert into host_orders values (${reference})`.execute(trx);
        await deliveries.book(bookingOf(reference), { trx });
        if (isFailing) throw new Error('the host rolls back');
      });
    };
    await book('A-1', false);
    await expect(book('A-2', true)).rejects.toThrow('rolls back');
    await h.host.clock.advance('1s');
    expect(await deliveries.get('A-1')).toMatchObject({ state: 'assigning' });
    expect(await deliveries.find('A-2')).toBeNull();
    expect(h.orders('A-2')).toEqual([]);
    expect(h.eventTypes('A-2')).toEqual([]);
    const { rows } = await sql`select reference from host_orders`.execute(deliveries.database);
    expect(rows).toEqual([{ reference: 'A-1' }]);
  });

  it('keeps a booking in a host’s transaction, but not one after a savepoint that is rolled back', async () => {
    const h = await start();
    const { deliveries } = h;
    const trx = await deliveries.database.startTransaction().execute();
    await deliveries.book(bookingOf('A-1'), { trx });
    const inner = await trx.savepoint('second').execute();
    await deliveries.book(bookingOf('A-2'), { trx: inner });
    await inner.rollbackToSavepoint('second').execute();
    await trx.commit().execute();
    await h.host.clock.advance('1s');
    expect(await deliveries.get('A-1')).toMatchObject({ state: 'assigning' });
    expect(await deliveries.find('A-2')).toBeNull();
    expect(h.orders('A-2')).toEqual([]);
  });

  it('books for accounts by name, and for merchants whose keys are resolved', async () => {
    const asked: string[] = [];
    const bob = { apiKey: 'pk_test_bob', apiSecret: 'sk_test_bob', market: 'HK' };
    const h = await start({
      named: { ann: ANN },
      sandbox: { accounts: [bob], drivers: 'prompt' },
      lalamove: {
        webhook: {
          path: 'webhooks/lalamove',
          resolveAccount: (apiKey) => (apiKey === bob.apiKey ? { secrets: bob.apiSecret, account: 'bob' } : undefined),
        },
      },
      deliveries: {
        policy: { poll: false },
        accounts: {
          resolve: (account) => {
            asked.push(account);
            return account === 'bob' ? bob : null;
          },
        },
      },
    });
    await h.host.app.get(LalamoveService).forAccount(bob).setWebhookUrl(`${h.host.url}/webhooks/lalamove`);
    for (const account of ['ann', 'bob', undefined]) {
      await h.deliveries.book(bookingOf('A-1', { ...(account !== undefined && { account }) }));
    }
    await h.deliveries.book(bookingOf('A-2', { account: 'nobody' }));
    await h.host.settle();
    const ids = await Promise.all(
      ['ann', 'bob', ''].map(async (account) => (await h.deliveries.get('A-1', { account })).orderId),
    );
    expect(new Set(ids).size).toBe(3);
    const placed = h.sandbox.requests.filter(({ operation }) => operation === 'placeOrder');
    expect(placed.map(({ apiKey }) => apiKey).sort()).toEqual([ANN.apiKey, bob.apiKey, h.sandbox.apiKey]);
    const unknown = await h.deliveries.get('A-2', { account: 'nobody' });
    expect(unknown).toMatchObject({ state: 'needs_attention', reason: { code: 'ACCOUNT_UNKNOWN' } });
    expect(await h.deliveries.cancel('A-2', { account: 'nobody' })).toMatchObject({ state: 'canceled' });
    expect(asked).toEqual(['bob', 'nobody']);
    await h.host.clock.advance('2h');
    expect(await h.deliveries.get('A-1', { account: 'bob' })).toMatchObject({ state: 'completed', account: 'bob' });
    // The webhook URL of this account is not set, and it is not polled.
    expect(await h.deliveries.get('A-1', { account: 'ann' })).toMatchObject({ state: 'assigning' });
  });

  it('does not loop for an account that is not known any more', async () => {
    let isKnown = true;
    const h = await start({
      sandbox: { accounts: [ANN] },
      deliveries: { policy: { poll: false }, accounts: { resolve: () => (isKnown ? ANN : null) } },
    });
    const booked = bookingOf('A-1', { account: 'ann' });
    await h.deliveries.book(booked);
    await h.host.settle();
    isKnown = false;
    // Keys are cached for a minute.
    const passed = performance.now();
    jest.spyOn(performance, 'now').mockReturnValue(passed + 61_000);
    try {
      expect(await h.deliveries.cancel('A-1', { account: 'ann' })).toMatchObject({
        state: 'needs_attention',
        reason: { code: 'ACCOUNT_UNKNOWN' },
      });
      await h.host.clock.advance('1h');
      expect(h.eventTypes().filter((type) => type === 'needs_attention')).toHaveLength(1);
      isKnown = true;
      await h.host.clock.advance('16m');
      expect(await h.deliveries.get('A-1', { account: 'ann' })).toMatchObject({ state: 'canceled' });
    } finally {
      jest.restoreAllMocks();
    }
  });

  it('resolves only a delivery that needs attention, and with no order of another delivery', async () => {
    const h = await start();
    await h.book('A-1');
    await expect(h.deliveries.resolve('A-1', { rebook: true })).rejects.toThrow('only what needs attention');
    await h.book('A-2', { maxPrice: '0.01' });
    const orderId = await h.orderId('A-1');
    await expect(h.deliveries.resolve('A-2', { orderId })).rejects.toThrow('belongs to another delivery');
    await expect(h.deliveries.resolve('A-2', { orderId: '1' })).rejects.toMatchObject({ code: 'ERR_ORDER_NOT_FOUND' });
    expect(await h.deliveries.resolve('A-2', { cancel: true })).toMatchObject({ state: 'canceled' });
    await expect(h.deliveries.resolve('A-2', { cancel: true })).rejects.toThrow('only what needs attention');
  });

  it('adopts the replacing order again if a person names it', async () => {
    const h = await start();
    await h.book();
    h.sandbox.drive(await h.orderId(), { do: 'replace' });
    await h.after('1m');
    const clone = await h.orderId();
    h.sandbox.drive(clone, { do: 'cancel' });
    expect(await h.after('65m')).toMatchObject({ state: 'needs_attention' });
    expect(await h.deliveries.resolve('A-1', { orderId: clone })).toMatchObject({ orderId: clone });
    expect(await h.after('65m')).toMatchObject({ state: 'needs_attention', reason: { code: 'CANCELED_UNEXPLAINED' } });
  });

  it('lists every wrong option at boot', async () => {
    const wrong: unknown = { database: { file: '' }, policy: { rebook: 3, hope: 1 }, sweepSeconds: 0, colour: 'red' };
    const booting = startHost('express', {
      imports: [LalamoveModule.forRoot(KEYS), DeliveriesModule.forRootAsync({ useFactory: () => wrong as never })],
    });
    const error = await failureOf(booting);
    expect(error).toBeInstanceOf(DeliveriesOptionsException);
    for (const name of ['database', 'policy.rebook', 'policy.hope', 'sweepSeconds', 'colour']) {
      expect(error.message).toContain(name);
    }
  });
});
