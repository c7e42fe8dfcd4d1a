import { afterEach, describe, expect, it } from '@jest/globals';
import { APP_PIPE } from '@nestjs/core';
import { Body, Controller, Get, Inject, Param, Post, ValidationPipe } from '@nestjs/common';
import { LalamoveService } from 'nestjs-lalamove';
import {
  BookDeliveryDto,
  DeliveriesService,
  OnDelivery,
  ResolveDeliveryDto,
  type Delivery,
  type DeliveryEvent,
  type ResolveDelivery,
} from 'nestjs-lalamove/deliveries';
import { DeliveryTransactions } from '../../src/deliveries/application/delivery-transactions.js';
import { reason } from '../../src/deliveries/domain/reasons.js';
import { gaveUp } from '../../src/deliveries/domain/transitions.js';
import { PLATFORMS, request } from '../support/host-app.js';
import { failureOf } from '../support/lalamove.js';
import { bookingOf } from '../support/sample-booking.js';
import { DeliveriesHost, type DeliveriesHostOptions } from './deliveries-host.js';

/** A number of Singapore: it has the right form, but Lalamove refuses it in Hong Kong. */
const FOREIGN_PHONE = '+6581234567';
const PHONE = '+85261234567';
const WRONG = bookingOf('A-1', { recipients: [{ name: 'Ada', phone: FOREIGN_PHONE, remarks: 'Ring twice' }] });
const CHANGES = { recipients: [{ phone: PHONE }] };
const RIGHT = bookingOf('A-1', { recipients: [{ name: 'Ada', phone: PHONE, remarks: 'Ring twice' }] });

@Controller('orders')
class OrdersController {
  readonly events: DeliveryEvent[] = [];

  constructor(@Inject(DeliveriesService) private readonly deliveries: DeliveriesService) {}

  @Post()
  book(@Body() booking: BookDeliveryDto): Promise<Delivery> {
    return this.deliveries.book(booking);
  }

  @Get(':reference')
  status(@Param('reference') reference: string): Promise<Delivery> {
    return this.deliveries.get(reference);
  }

  @Post(':reference/resolution')
  resolve(@Param('reference') reference: string, @Body() resolution: ResolveDeliveryDto): Promise<Delivery> {
    return this.deliveries.resolve(reference, resolution);
  }

  @OnDelivery(['needs_attention', 'corrected', 'booked'])
  on(event: DeliveryEvent): void {
    this.events.push(event);
  }
}

describe('a delivery with a wrong request', () => {
  let host: DeliveriesHost | undefined;
  const lines: string[] = [];

  afterEach(async () => {
    await host?.stop();
    host = undefined;
    lines.length = 0;
  });

  async function start(options: DeliveriesHostOptions = {}): Promise<DeliveriesHost> {
    const write = (line: unknown): void => void lines.push(String(line));
    const logger = { log: write, error: write, warn: write, debug: write };
    const more = { controllers: [OrdersController] };
    host = await DeliveriesHost.start({ more, lalamove: { logger }, ...options });
    return host;
  }

  /** A delivery whose phone number Lalamove has refused. */
  async function refused(options: DeliveriesHostOptions = {}): Promise<DeliveriesHost> {
    const started = await start(options);
    await started.deliveries.book(WRONG);
    await started.settle();
    return started;
  }

  describe.each(PLATFORMS)('on %s', (platform) => {
    it('names the refused phone to its consumer, who corrects it under the same reference', async () => {
      const pipe = new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true });
      const providers = [{ provide: APP_PIPE, useValue: pipe }];
      const started = await start({ platform, more: { controllers: [OrdersController], providers } });
      const { url, app, sandbox } = started;
      const settle = (): Promise<void> => started.settle();
      expect(await request('POST', `${url}/orders`, WRONG)).toMatchObject({ status: 201 });
      await settle();
      const { body } = await request('GET', `${url}/orders/A-1`);
      const reason = {
        code: expect.stringMatching(/^ERR_INVALID_(PHONE_NUMBER|FIELD)$/),
        message: expect.stringContaining(
          'Lalamove refuses the phone of recipient 1 (/recipients/0/phone): correct it with ' +
            'resolve({ rebook: true, changes }).',
        ),
        fields: ['/recipients/0/phone'],
      };
      expect(body).toMatchObject({ state: 'needs_attention', reason });

      const wrong = { rebook: true, changes: { recipients: [{ phone: '61234567' }] } };
      expect(await request('POST', `${url}/orders/A-1/resolution`, wrong)).toMatchObject({
        status: 400,
        body: { message: ['changes.recipients.0.phone must be in E.164 form, such as +85290000000'] },
      });
      const right = { rebook: true, changes: CHANGES, by: 'clerk-7' };
      expect(await request('POST', `${url}/orders/A-1/resolution`, right)).toMatchObject({ status: 201 });
      await settle();
      expect((await request('GET', `${url}/orders/A-1`)).body).toMatchObject({ state: 'assigning' });
      expect(sandbox.ledgerFor({ reference: 'A-1' }).orderIds).toHaveLength(1);
      expect(app.get(OrdersController).events).toMatchObject([
        { type: 'needs_attention', reason },
        { type: 'corrected', state: 'quoting', fields: ['/recipients/0/phone'], by: 'clerk-7' },
        { type: 'booked' },
      ]);
      for (const phone of [FOREIGN_PHONE, PHONE]) expect(lines.join('\n')).not.toContain(phone.slice(4));
    });

    it('refuses at once what is certainly wrong, with its place in the booking', async () => {
      const { url } = await start({ platform });
      const [stop] = WRONG.quotation.stops;
      const booking = {
        ...WRONG,
        quotation: { ...WRONG.quotation, stops: [stop, { address: 7, coordinates: stop?.coordinates }] },
        recipients: [{ name: 'Ada', phone: '61234567' }],
      };
      const { status, body } = await request('POST', `${url}/orders`, booking);
      expect(status).toBe(422);
      expect((body.errors as { field: string }[]).map(({ field }) => field).sort()).toEqual([
        '/quotation/stops/1/address',
        '/recipients/0/phone',
      ]);
      expect(JSON.stringify(body)).not.toContain('61234567');
    });
  });

  it('sends the corrected request, and keeps what was not corrected', async () => {
    const { deliveries, sandbox, settle, app } = bound(await refused());
    const [from] = WRONG.quotation.stops;
    const to = { coordinates: { lat: 22.2819, lng: 114.1582 }, address: 'Central Pier' };
    const changes = {
      sender: { name: 'Back door' },
      recipients: [{ phone: PHONE, remarks: null }],
      quotation: { stops: from ? [from, to] : [], scheduleAt: new Date('2026-12-02T03:00:00Z') },
      metadata: { reference: 'A-1', shift: 'late' },
    };
    await deliveries.resolve('A-1', { rebook: true, changes });
    await settle();
    const { orderId = '' } = await deliveries.get('A-1');
    expect(await deliveries.get('A-1')).toMatchObject({ state: 'assigning', metadata: { shift: 'late' } });
    expect(await app.get(LalamoveService).getOrder(orderId)).toMatchObject({
      stops: [{ name: 'Back door' }, { name: 'Ada', phone: '61234567', address: 'Central Pier' }],
      metadata: { shift: 'late' },
      remarks: [],
    });
    expect(await correctedIn(deliveries)).toEqual([
      {
        fields: [
          '/sender/name',
          '/recipients/0/phone',
          '/recipients/0/remarks',
          '/quotation/stops',
          '/quotation/scheduleAt',
          '/metadata',
        ].sort(),
        by: undefined,
      },
    ]);
    const quoted = sandbox.requests.filter(({ path }) => path === '/v3/quotations').at(-1);
    expect(JSON.stringify(quoted?.body)).toContain('2026-12-02T03:00:00');
  });

  it('is the same delivery for the first request and for every corrected one', async () => {
    const { deliveries, settle } = bound(await refused());
    const again = '+6582345678';
    await deliveries.resolve('A-1', { rebook: true, changes: { recipients: [{ phone: again }] } });
    await settle();
    await deliveries.resolve('A-1', { rebook: true, changes: CHANGES, maxPrice: '900' });
    await settle();
    const second = bookingOf('A-1', { recipients: [{ name: 'Ada', phone: again, remarks: 'Ring twice' }] });
    for (const booking of [WRONG, second, { ...RIGHT, maxPrice: '900' }]) {
      expect(await deliveries.book(booking)).toMatchObject({ state: 'assigning', attempts: 1 });
    }
    for (const booking of [RIGHT, { ...WRONG, isPODEnabled: true }]) {
      expect(await failureOf(deliveries.book(booking))).toMatchObject({ code: 'LALAMOVE_DELIVERY_CONFLICT' });
    }
    await deliveries.cancel('A-1');
    await settle();
    await deliveries.forget('A-1');
    for (const booking of [WRONG, second, { ...RIGHT, maxPrice: '900' }]) {
      expect(await deliveries.book(booking)).toMatchObject({ state: 'canceled' });
    }
  });

  it('names a refused field of the quotation, which can be corrected', async () => {
    const { deliveries, settle } = bound(await start());
    await deliveries.book(bookingOf('A-1', { quotation: { ...WRONG.quotation, serviceType: 'ROCKET' } }));
    await settle();
    const { reason } = await deliveries.get('A-1');
    expect(reason).toMatchObject({ code: 'ERR_INVALID_FIELD', fields: ['/quotation/serviceType'] });
    await deliveries.resolve('A-1', { rebook: true, changes: { quotation: WRONG.quotation } });
    await settle();
    expect(await deliveries.get('A-1')).toMatchObject({ state: 'assigning' });
  });

  it.each<[string, object, string]>([
    ['a wrong phone', { recipients: [{ phone: '123' }] }, '/changes/recipients/0/phone'],
    ['a removed phone', { sender: { phone: null } }, '/changes/sender/phone'],
    ['too many recipients', { recipients: [{}, { name: 'Bob', phone: PHONE }] }, '/changes/recipients'],
    ['an incomplete recipient', { recipients: [{}, { name: 'Bob' }] }, '/changes/recipients/1/phone'],
    ['one stop', { quotation: { stops: WRONG.quotation.stops.slice(1) } }, '/changes/quotation/stops'],
    ['a wrong policy', { policy: { rebook: { maxAttempts: 0 } } }, '/changes/policy/rebook'],
    ['half a character', { sender: { name: 'L\ud800' } }, '/changes/sender/name'],
    ['a function', { sender: { name: () => 'Shop' } }, '/changes/sender/name'],
    ['a booking that is too large', { sender: { name: 'x'.repeat(270_000) } }, '/changes'],
    ['another reference', { reference: 'A-2' }, '/changes'],
    ['a misspelled part', { recipient: [] }, '/changes'],
    ['a misspelled member', { sender: { fone: PHONE } }, '/changes/sender'],
    ['a misspelled member of a recipient', { recipients: [{ remark: '' }] }, '/changes/recipients/0'],
    ['a member that a pipe has removed', { recipients: [{}] }, '/changes'],
    ['nothing', {}, '/changes'],
    ['a text', 'x' as never, '/changes'],
  ])('is corrected as strictly as it is booked: %s', async (_, changes, field) => {
    const { deliveries } = bound(await refused());
    const error = await failureOf(deliveries.resolve('A-1', { rebook: true, changes }));
    expect(error).toMatchObject({ code: 'LALAMOVE_DELIVERY_INVALID', errors: [{ field }] });
    expect(await deliveries.get('A-1')).toMatchObject({ state: 'needs_attention', attempts: 0 });
    expect(await correctedIn(deliveries)).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ['changes without rebook', { cancel: true, changes: CHANGES }, '/changes'],
    ['an empty person without changes', { cancel: true, by: '' }, '/by'],
    ['an empty person', { rebook: true, changes: CHANGES, by: '' }, '/by'],
    ['two ways', { rebook: true, cancel: true }, ''],
    ['no way', { rebook: false }, ''],
    ['a number as an order', { orderId: 7 }, '/orderId'],
    ['a price that is a number', { rebook: true, maxPrice: 7 }, '/maxPrice'],
  ])('is not resolved with %s', async (_, resolution, field) => {
    const { deliveries } = bound(await refused());
    const error = await failureOf(deliveries.resolve('A-1', resolution as ResolveDelivery));
    expect(error).toMatchObject({ code: 'LALAMOVE_DELIVERY_INVALID', errors: [{ field }] });
  });

  it('is not corrected while an order of it may exist, whatever a person says', async () => {
    const { deliveries, sandbox, clock, settle } = bound(await start());
    sandbox.addFault({ webhook: 'lost', times: 'always' });
    sandbox.addFault({ call: 'placeOrder', work: 'done', answer: 'reset' });
    await deliveries.book(RIGHT);
    await settle();
    await clock.advance('1h');
    expect(await deliveries.get('A-1')).toMatchObject({ reason: { code: 'OUTCOME_UNKNOWN' } });
    const error = await failureOf(deliveries.resolve('A-1', { rebook: true, changes: CHANGES }));
    expect(error).toMatchObject({ code: 'LALAMOVE_DELIVERY_CONFLICT' });
    expect(sandbox.ledgerFor({ reference: 'A-1' }).orderIds).toHaveLength(1);
    const [orderId = ''] = sandbox.ledgerFor({ reference: 'A-1' }).orderIds;
    await deliveries.resolve('A-1', { orderId });
    const late = await failureOf(deliveries.resolve('A-1', { rebook: true, changes: CHANGES }));
    expect(late).toMatchObject({ code: 'LALAMOVE_DELIVERY_CONFLICT' });
  });

  it('is not corrected for a day after a person has rebooked, because the old order may turn up', async () => {
    const { deliveries, sandbox, clock, settle } = bound(await start());
    sandbox.addFault({ webhook: 'delayed', delay: '2h', times: 'always' });
    sandbox.addFault({ call: 'placeOrder', work: 'done', answer: 'reset' });
    await deliveries.book(RIGHT);
    await settle();
    await clock.advance('1h');
    sandbox.addFault({ call: 'placeOrder', answer: { code: 'ERR_INSUFFICIENT_CREDIT' } });
    await deliveries.resolve('A-1', { rebook: true });
    await settle();
    expect(await deliveries.get('A-1')).toMatchObject({ reason: { code: 'ERR_INSUFFICIENT_CREDIT' } });
    const error = await failureOf(deliveries.resolve('A-1', { rebook: true, changes: CHANGES }));
    expect(error).toMatchObject({ code: 'LALAMOVE_DELIVERY_CONFLICT' });
    await clock.advance('2h');
    // The only courier has the request that the books have.
    const { live } = sandbox.ledgerFor({ reference: 'A-1' });
    expect(live).toHaveLength(1);
    expect(await deliveries.get('A-1')).toMatchObject({ orderId: live[0] });
    expect(await correctedIn(deliveries)).toEqual([]);
  });

  it('is not ordered by a quotation for the request before the correction', async () => {
    let isFirst = true;
    const onStep = async (step: string): Promise<void> => {
      if (step !== 'quoted' || !isFirst) return;
      isFirst = false;
      const transactions = started.app.get(DeliveryTransactions, { strict: false });
      const record = await transactions.storage.find('', 'A-1');
      if (record) await transactions.change(record.id, (snapshot) => gaveUp(snapshot, reason('LALAMOVE_AWAY')));
      await started.deliveries.resolve('A-1', { rebook: true, changes: CHANGES });
    };
    const started: DeliveriesHost = await start({ deliveries: { hooks: { onStep } } });
    await started.deliveries.book(WRONG);
    await started.settle();
    expect(await started.deliveries.get('A-1')).toMatchObject({ state: 'assigning', attempts: 1 });
    const calls = started.sandbox.requests.flatMap(({ method, operation }) => (method === 'POST' ? [operation] : []));
    expect(calls).toEqual(['createQuotation', 'createQuotation', 'placeOrder']);
  });

  it('is corrected once if two people correct it at the same time', async () => {
    const { deliveries, sandbox, settle } = bound(await refused());
    const resolve = (phone: string): Promise<Delivery> =>
      deliveries.resolve('A-1', { rebook: true, changes: { recipients: [{ phone }] } });
    const results = await Promise.allSettled([resolve(PHONE), resolve('+85262345678')]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await settle();
    expect(await correctedIn(deliveries)).toHaveLength(1);
    expect(sandbox.ledgerFor({ reference: 'A-1' }).orderIds).toHaveLength(1);
  });
});

/** The host's parts, bound for use without it. */
function bound(host: DeliveriesHost): Pick<DeliveriesHost, 'deliveries' | 'sandbox' | 'clock' | 'settle' | 'app'> {
  return {
    deliveries: host.deliveries,
    sandbox: host.sandbox,
    clock: host.clock,
    app: host.app,
    settle: () => host.settle(),
  };
}

/** What the timeline says of corrections. */
async function correctedIn(deliveries: DeliveriesService): Promise<object[]> {
  return (await deliveries.timeline('A-1')).flatMap((entry) =>
    entry.source === 'delivery' && entry.event.type === 'corrected'
      ? [{ fields: [...entry.event.fields].sort(), by: entry.event.by }]
      : [],
  );
}
