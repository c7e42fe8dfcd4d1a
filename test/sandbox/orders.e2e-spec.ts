import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LalamoveService, Order, Quotation } from 'nestjs-lalamove';
import type { LalamoveSandbox, LalamoveSandboxOptions } from 'nestjs-lalamove/sandbox';
import { startFrozen } from './frozen-sandbox.js';
import { booked, EDIT, orderOf, QUOTATION } from '../support/inputs.js';
import { failureOf } from '../support/lalamove.js';

/** What every order needs in its market, and a phone that is valid there. */
const MARKETS: Readonly<Record<string, { language: string; serviceType: string; phone: string }>> = {
  AE: { language: 'en_AE', serviceType: 'MOTORCYCLE', phone: '+971501234567' },
  BR: { language: 'pt_BR', serviceType: 'LALAGO', phone: '+5511912345678' },
  HK: { language: 'en_HK', serviceType: 'MOTORCYCLE', phone: '+85251234567' },
  ID: { language: 'id_ID', serviceType: 'MOTORCYCLE', phone: '+628123456789' },
  JP: { language: 'ja_JP', serviceType: 'MOTORCYCLE', phone: '+819012345678' },
  MX: { language: 'es_MX', serviceType: 'MOTORCYCLE', phone: '+525512345678' },
  MY: { language: 'ms_MY', serviceType: 'MOTORCYCLE', phone: '+60123456789' },
  PH: { language: 'en_PH', serviceType: 'MOTORCYCLE', phone: '+639171234567' },
  SA: { language: 'ar_SA', serviceType: 'CAR', phone: '+966501234567' },
  SG: { language: 'en_SG', serviceType: 'MOTORCYCLE', phone: '+6591234567' },
  TH: { language: 'th_TH', serviceType: 'MOTORCYCLE', phone: '+66812345678' },
  TW: { language: 'zh_TW', serviceType: 'MOTORCYCLE', phone: '+886912345678' },
  VN: { language: 'vi_VN', serviceType: 'MOTORCYCLE', phone: '+84901234567' },
};

/** A decimal string, less one of the smallest unit that it shows. */
function oneUnitLess(amount: string): string {
  const decimals = amount.split('.')[1]?.length ?? 0;
  return (Number(amount) - 10 ** -decimals).toFixed(decimals);
}

describe('an order of the sandbox', () => {
  let sandbox: LalamoveSandbox;
  let lalamove: LalamoveService;
  let close: () => Promise<void> = () => Promise.resolve();

  async function start(options: LalamoveSandboxOptions = {}): Promise<void> {
    await close();
    ({ sandbox, lalamove, close } = await startFrozen(options));
  }

  beforeEach(() => start());
  afterEach(async () => {
    await close();
    close = () => Promise.resolve();
  });

  // What local checks would refuse travels as well: it is the sandbox's word that counts here.
  const unchecked = { validate: false };
  // A quotation's stop knows neither name nor phone.
  const bare = (stop: object = {}): object =>
    Object.fromEntries(Object.entries(stop).filter(([name]) => ['coordinates', 'address'].includes(name)));
  const quote = ({
    stops = QUOTATION.stops,
    ...more
  }: { stops?: readonly (object | undefined)[]; scheduleAt?: string } = {}): Promise<Quotation> =>
    lalamove.createQuotation({ ...QUOTATION, ...more, ...route(stops.map(bare)) });
  const place = (quotation: Quotation, more: object = {}, market = 'HK'): Promise<Order> =>
    lalamove.placeOrder({ ...orderOf(quotation), ...more }, { ...unchecked, market });
  const route = (stops: readonly object[]): object => ({ stops });
  const edit = (orderId: string, stops: readonly object[], market = 'HK'): Promise<Order> =>
    lalamove.editOrder(orderId, { ...EDIT, ...route(stops) }, { ...unchecked, market });
  const fee = (orderId: string, priorityFee: string, market = 'HK'): Promise<Order> =>
    lalamove.addPriorityFee(orderId, { priorityFee }, { ...unchecked, market });
  const balance = async (market = 'HK'): Promise<string | undefined> =>
    (await sandbox.control.wallets()).find((wallet) => wallet.market === market)?.balance;
  const fill = async (amount: string, market = 'HK'): Promise<void> => {
    await sandbox.control.setBalance({ market }, amount);
  };
  const accepted = async (): Promise<Order> => {
    const { orderId } = await booked(lalamove);
    return sandbox.moveOrder(orderId, 'ON_GOING');
  };
  const expectRefusal = async (call: Promise<unknown>, code: string, pointer?: string, status = 422): Promise<void> => {
    const errors = pointer === undefined ? [{ code }] : [{ code, pointer }];
    await expect(call).rejects.toMatchObject({ code, upstreamStatus: status, errors });
  };

  /** Quotes in a market, and orders with these phones. */
  async function placeIn(market: string, phones: { sender?: string; recipient?: string } = {}): Promise<Order> {
    const { language = '', serviceType = '', phone = '' } = MARKETS[market] ?? {};
    const stops = [{ address: 'First street' }, { address: 'Second street' }];
    const quotation = await lalamove.createQuotation({ language, serviceType, stops }, { market });
    const { sender, recipients } = orderOf(quotation);
    const people = {
      sender: { ...sender, phone: phones.sender ?? phone },
      recipients: recipients.map((person) => ({ ...person, phone: phones.recipient ?? phone })),
    };
    return place(quotation, people, market);
  }

  it('has what was quoted, and the metadata that it was placed with', async () => {
    const quotation = await quote();
    const order = await place(quotation, { metadata: { reference: 'A-1', note: '' } });
    const { totalBeforeOptimization } = quotation.priceBreakdown;
    expect(order).toMatchObject({
      quotationId: quotation.quotationId,
      status: 'ASSIGNING_DRIVER',
      driverId: '',
      metadata: { reference: 'A-1', note: '' },
      distance: quotation.distance,
    });
    expect({ ...order.priceBreakdown, totalBeforeOptimization }).toEqual(quotation.priceBreakdown);
    expect(order.priceBreakdown).not.toHaveProperty('totalBeforeOptimization');
    expect(order.stops.map(({ address }) => address)).toEqual(['Victoria Peak', 'Airport']);
    await expect(lalamove.getOrder(order.orderId)).resolves.toEqual(order);
  });

  it('is numbered in 19 digits, above everything that was numbered before it', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      const quotation = await quote();
      ids.push(quotation.quotationId, (await place(quotation)).orderId);
    }
    for (const id of ids) expect(id).toMatch(/^\d{19}$/);
    expect(ids).toEqual([...new Set(ids)].sort());
  });

  describe('has people', () => {
    it.each([
      ['HK', '+85251234567', '51234567'],
      ['BR', '+5511955550001', '11955550001'],
      ['BR', '+551133350200', ' 551133350200'],
      ['MY', '+60129499667', '0129499667'],
      ['PH', '+639171234567', '09171234567'],
      ['SG', '+6591234567', '91234567'],
    ])('whose phones come back in the form of the market: in %s %s as %j', async (market, phone, seen) => {
      const { stops } = await placeIn(market, { sender: phone, recipient: phone });
      expect(stops.map((stop) => stop.phone)).toEqual([seen, seen]);
    });

    it('whose remarks come back line by line', async () => {
      const quotation = await quote();
      const remarked = (remarks?: string): Promise<Order> => {
        const recipients = orderOf(quotation).recipients.map((person) => ({ ...person, ...(remarks && { remarks }) }));
        return place(quotation, { recipients });
      };
      expect(await remarked()).toMatchObject({ remarks: [] });
      expect(await remarked('Ring twice')).toMatchObject({ remarks: ['Ring twice'] });
      expect(await remarked('Instrução linha 1\r\nLinha 2')).toMatchObject({
        remarks: ['Instrução linha 1', 'Linha 2'],
      });
    });

    it('none of whom has a code, unless the sandbox gives codes', async () => {
      const codes = async (): Promise<unknown[]> => {
        const { stops } = await booked(lalamove);
        for (const stop of stops) expect(stop).not.toHaveProperty('stopId');
        return stops.map((stop) => stop.delivery_code);
      };
      const none = { value: '', status: 'Not Applicable' };
      expect(await codes()).toEqual([none, none]);
      await start({ deliveryCodes: true });
      expect(await codes()).toEqual([none, { value: expect.stringMatching(/^\d{4}$/), status: 'Pending' }]);
    });

    it.each(Object.keys(MARKETS).map((market, index, all) => [market, all[(index + 1) % all.length] ?? '']))(
      'with phones of the market: in %s none of %s',
      async (market, other) => {
        const foreign = MARKETS[other]?.phone ?? '';
        expect(await placeIn(market)).toMatchObject({ status: 'ASSIGNING_DRIVER' });
        const code = 'ERR_INVALID_PHONE_NUMBER';
        await expectRefusal(placeIn(market, { sender: foreign }), code, '/data/sender/phone');
        await expectRefusal(placeIn(market, { recipient: foreign }), code, '/data/recipients/0/phone');
      },
    );

    it.each([
      ['MY', '+6591234567', 'of Singapore'],
      ['HK', '51234567', 'not in E.164'],
      ['HK', '85251234567', 'without a plus'],
      ['HK', '+852 5123 4567', 'with blanks'],
      ['HK', '+0085251234567', 'with a zero for a country'],
      ['HK', '+85200000000', 'as long as a phone, but nobody’s'],
      ['HK', '+8525123456', 'a digit too short'],
      ['HK', '+852512345678', 'a digit too long'],
      ['SG', '+6500000000', 'as long as a phone, but nobody’s'],
      ['TH', '+66112345678', 'as long as a phone, but nobody’s'],
      ['MY', '+60000000000', 'as long as a phone, but nobody’s'],
      ['JP', '+819912345678', 'as long as a phone, but nobody’s'],
      ['BR', '+551111111111', 'as long as a phone, but nobody’s'],
      ['TW', '+886012345678', 'as long as a phone, but nobody’s'],
    ])('but in %s not one with %s: %s', async (market, phone) => {
      await expectRefusal(placeIn(market, { sender: phone }), 'ERR_INVALID_PHONE_NUMBER', '/data/sender/phone');
      expect(sandbox.orders).toHaveLength(0);
    });

    it.each([
      ['BR', '+551133350200', 'a landline'],
      ['HK', '+85221234567', 'a landline'],
    ])('and in %s also one with %s: %s', async (market, phone) => {
      expect(await placeIn(market, { sender: phone, recipient: phone })).toMatchObject({ status: 'ASSIGNING_DRIVER' });
    });

    it('with remarks of up to 1500 characters', async () => {
      const quotation = await quote();
      const remarked = (length: number): object => ({
        recipients: orderOf(quotation).recipients.map((person) => ({ ...person, remarks: 'é'.repeat(length) })),
      });
      await place(quotation, remarked(1500));
      await expectRefusal(place(quotation, remarked(1501)), 'ERR_INVALID_FIELD', '/data/recipients/0/remarks');
    });

    it('one at each stop of the quotation', async () => {
      const quotation = await quote({ stops: [...QUOTATION.stops, { address: 'Third street' }] });
      const { sender, recipients } = orderOf(quotation);
      const [first, second] = recipients;
      const at = (...people: (object | undefined)[]): Promise<Order> => place(quotation, { recipients: people });
      await expectRefusal(at(), 'ERR_MISSING_FIELD', '/data/recipients');
      await expectRefusal(at(first), 'ERR_MISSING_FIELD', '/data/recipients');
      await expectRefusal(at(first, first), 'ERR_INVALID_FIELD', '/data/recipients/1/stopId');
      await expectRefusal(at(first, second, second), 'ERR_INVALID_FIELD', '/data/recipients/2/stopId');
      await expectRefusal(at(sender, first, second), 'ERR_INVALID_FIELD', '/data/recipients/0/stopId');
      await expectRefusal(at({ ...first, stopId: '1' }, second), 'ERR_INVALID_FIELD', '/data/recipients/0/stopId');
      await expectRefusal(place(quotation, { sender: first }), 'ERR_INVALID_FIELD', '/data/sender/stopId');
      expect(sandbox.orders).toHaveLength(0);
      // In whatever order they are named.
      expect(await at(second, first)).toMatchObject({ stops: [{}, {}, { address: 'Third street' }] });
    });

    it.each([
      ['no sender', { sender: undefined }, 'ERR_MISSING_FIELD', '/data/sender'],
      ['no recipients', { recipients: undefined }, 'ERR_MISSING_FIELD', '/data/recipients'],
      ['recipients that are no list', { recipients: {} }, 'ERR_INVALID_FIELD', '/data/recipients'],
      ['a recipient that is nobody', { recipients: ['Ada'] }, 'ERR_MISSING_FIELD', '/data/recipients/0'],
      [
        'a sender without a name',
        { sender: { stopId: '1', phone: '+85251234567' } },
        'ERR_MISSING_FIELD',
        '/data/sender/name',
      ],
      [
        'a sender without a phone',
        { sender: { stopId: '1', name: 'Shop' } },
        'ERR_MISSING_FIELD',
        '/data/sender/phone',
      ],
    ])('and is refused with %s', async (_, more, code, pointer) => {
      await expectRefusal(place(await quote(), more), code, pointer);
    });
  });

  describe('has metadata', () => {
    it.each([[{}], [{ reference: 'A-1' }], [{ 'a key': '', другой: '值' }]])(
      'that are texts by name: %j',
      async (metadata) => {
        const { orderId } = await place(await quote(), { metadata });
        expect(await lalamove.getOrder(orderId)).toMatchObject({ metadata });
      },
    );

    it.each([[{ count: 1 }], [{ nested: { a: 'b' } }], [{ none: null }], [{ list: ['a'] }], [['a']], ['a text'], [7]])(
      'and nothing else: %j',
      async (metadata) => {
        await expectRefusal(place(await quote(), { metadata }), 'ERR_INVALID_FIELD', '/data/metadata');
        expect(sandbox.orders).toHaveLength(0);
      },
    );
  });

  describe('is for a quotation', () => {
    it.each([
      [299_999, 'placed'],
      [300_000, 'ERR_INVALID_QUOTATION_ID'],
      [300_001, 'ERR_INVALID_QUOTATION_ID'],
    ])('that is %d ms old: %s', async (age, outcome) => {
      const quotation = await quote();
      await sandbox.advance(age);
      if (outcome === 'placed') expect(await place(quotation)).toMatchObject({ quotationId: quotation.quotationId });
      else await expectRefusal(place(quotation), outcome, '/data/quotationId');
    });

    it.each([
      [60_000, 'placed'],
      [60_001, 'ERR_INVALID_SCHEDULE_TIME'],
    ])('with the pick-up a minute after it, placed after %d ms: %s', async (age, outcome) => {
      const quotation = await quote({ scheduleAt: '2026-11-22T08:01:00Z' });
      await sandbox.advance(age);
      if (outcome === 'placed') expect(await place(quotation)).toMatchObject({ status: 'ASSIGNING_DRIVER' });
      else await expectRefusal(place(quotation), outcome, '/data/scheduleAt');
    });

    it.each([
      ['one that is unknown', '3394517965935702476', 'ERR_INVALID_QUOTATION_ID'],
      ['none', undefined, 'ERR_MISSING_FIELD'],
      ['a number', 3394517965935702, 'ERR_INVALID_FIELD'],
    ])('but not for %s', async (_, quotationId, code) => {
      await expectRefusal(place(await quote(), { quotationId }), code, '/data/quotationId');
    });

    it('twice, which is the worse of what nobody knows', async () => {
      const quotation = await quote();
      const orders = [await place(quotation), await place(quotation)];
      expect(new Set(orders.map(({ orderId }) => orderId)).size).toBe(2);
      expect(sandbox.ledger.byQuotation[quotation.quotationId]?.live).toHaveLength(2);
    });

    it('once, where it is told so, and an order that was refused is none', async () => {
      await start({ unknowns: { reorderedQuotation: 'refused' } });
      const quotation = await quote();
      await fill('0');
      await expectRefusal(place(quotation), 'ERR_INSUFFICIENT_CREDIT', undefined, 402);
      await fill('1000000');
      const { orderId } = await place(quotation);
      await expectRefusal(place(quotation), 'ERR_INVALID_QUOTATION_ID', '/data/quotationId');
      await lalamove.cancelOrder(orderId);
      await expectRefusal(place(quotation), 'ERR_INVALID_QUOTATION_ID', '/data/quotationId');
      expect(await place(await quote())).toMatchObject({ status: 'ASSIGNING_DRIVER' });
    });
  });

  describe('is paid from the wallet', () => {
    it.each([['HK'], ['MY'], ['BR']])('of %s: with exactly its price, and not with a unit less', async (market) => {
      const { priceBreakdown } = await placeIn(market);
      const { total, currency } = priceBreakdown;
      await fill(oneUnitLess(total), market);
      await expectRefusal(placeIn(market), 'ERR_INSUFFICIENT_CREDIT', undefined, 402);
      expect(await balance(market)).toBe(oneUnitLess(total));
      expect(sandbox.orders).toHaveLength(1);
      await fill(total, market);
      await placeIn(market);
      expect(Number(await balance(market))).toBe(0);
      expect(Number(sandbox.ledger.total.spent[currency])).toBeCloseTo(2 * Number(total), 6);
    });

    it('of its market, and of no other', async () => {
      await fill('0', 'SG');
      await booked(lalamove);
      expect(await balance('SG')).toBe('0.0');
    });

    it('with exactly what a priority fee adds, and not with a unit less', async () => {
      const order = await booked(lalamove);
      const { orderId } = order;
      for (const [amount, added] of [
        ['20', '20'],
        ['25', '5'],
      ] as const) {
        const before = await lalamove.getOrder(orderId);
        await fill(oneUnitLess(added));
        await expectRefusal(fee(orderId, amount), 'ERR_INSUFFICIENT_CREDIT', undefined, 402);
        expect(await lalamove.getOrder(orderId)).toEqual(before);
        await fill(added);
        await fee(orderId, amount);
        expect(await balance()).toBe('0');
      }
      expect(Number(sandbox.ledger.total.spent.HKD)).toBe(Number(order.priceBreakdown.total) + 25);
    });

    it('with exactly what an edit adds, and not with a unit less, which is no edit', async () => {
      const { orderId, priceBreakdown } = await accepted();
      const longer = [...EDIT.stops, ...EDIT.stops.slice(1)];
      const { priceBreakdown: further } = await quote({ stops: longer });
      const added = String(Number(further.total) - Number(priceBreakdown.total));
      expect(Number(added)).toBeGreaterThan(0);
      await fill(oneUnitLess(added));
      await expectRefusal(edit(orderId, longer), 'ERR_INSUFFICIENT_CREDIT', undefined, 402);
      expect(await balance()).toBe(oneUnitLess(added));
      await fill(added);
      expect((await edit(orderId, longer)).priceBreakdown.total).toBe(further.total);
      expect(await balance()).toBe('0');
    });

    it('and pays back what an edit saves', async () => {
      const { orderId, priceBreakdown } = await accepted();
      await fill('0');
      const [pickUp, dropOff] = EDIT.stops;
      const near = { ...dropOff, coordinates: { lat: '22.28', lng: '114.15' } };
      const edited = await edit(orderId, [{ ...pickUp }, near]);
      expect(Number(edited.priceBreakdown.total)).toBeLessThan(Number(priceBreakdown.total));
      expect(Number(await balance())).toBe(Number(priceBreakdown.total) - Number(edited.priceBreakdown.total));
    });

    const reject = (orderId: string): void => {
      for (let count = 0; count < 3; count += 1) {
        sandbox.drive(orderId, { do: 'accept' });
        sandbox.drive(orderId, { do: 'reject' });
      }
    };

    it.each<[string, string, (orderId: string) => unknown]>([
      ['cancelled while a driver is sought', 'CANCELED', (orderId) => lalamove.cancelOrder(orderId)],
      [
        'cancelled after the match',
        'CANCELED',
        (orderId) => {
          sandbox.moveOrder(orderId, 'ON_GOING');
          return lalamove.cancelOrder(orderId);
        },
      ],
      ['cancelled by customer service', 'CANCELED', (orderId) => sandbox.drive(orderId, { do: 'cancel' })],
      ['not accepted by anybody', 'EXPIRED', () => sandbox.advance('2h')],
      [
        'given back too often',
        'REJECTED',
        (orderId) => {
          reject(orderId);
        },
      ],
    ])('and paid back, fee and all, where it is %s', async (_, status, end) => {
      const { orderId } = await booked(lalamove);
      const { priceBreakdown } = await fee(orderId, '20');
      await fill('0');
      await end(orderId);
      expect(await lalamove.getOrder(orderId)).toMatchObject({ status });
      expect(await balance()).toBe(priceBreakdown.total);
      expect(sandbox.ledger.total).toMatchObject({ live: [], completed: [], spent: { HKD: '0' } });
    });

    it('for good, where it is completed', async () => {
      const { orderId, priceBreakdown } = await accepted();
      await fill('0');
      for (const status of ['PICKED_UP', 'COMPLETED']) sandbox.moveOrder(orderId, status);
      await sandbox.advance('1d');
      expect(await balance()).toBe('0');
      expect(sandbox.ledger.total).toMatchObject({ completed: [orderId], spent: { HKD: priceBreakdown.total } });
    });
  });

  describe('takes a priority fee', () => {
    it('on top of its price', async () => {
      const { orderId, priceBreakdown } = await booked(lalamove);
      const { total } = priceBreakdown;
      expect(await fee(orderId, '20')).toMatchObject({
        orderId,
        status: 'ASSIGNING_DRIVER',
        priceBreakdown: { totalExcludePriorityFee: total, priorityFee: '20', total: String(Number(total) + 20) },
      });
    });

    it('in the place of the last one, which it must exceed', async () => {
      const { orderId, priceBreakdown } = await booked(lalamove);
      await fee(orderId, '20');
      for (const amount of ['19', '20', '20.0']) {
        await expectRefusal(fee(orderId, amount), 'ERR_INVALID_TIPS', '/data/priorityFee');
      }
      const raised = await fee(orderId, '21');
      expect(raised.priceBreakdown).toMatchObject({
        priorityFee: '21',
        total: String(Number(priceBreakdown.total) + 21),
      });
      await expect(lalamove.getOrder(orderId)).resolves.toEqual(raised);
    });

    it.each([
      ['HK', '3', '2', 'ERR_EXCEED_MIN_TIPS'],
      ['HK', '600', '601', 'ERR_EXCEED_MAX_TIPS'],
      ['MY', '0.5', '0.4', 'ERR_EXCEED_MIN_TIPS'],
      ['MY', '90.0', '90.1', 'ERR_EXCEED_MAX_TIPS'],
      ['BR', '0.70', '0.69', 'ERR_EXCEED_MIN_TIPS'],
      ['BR', '140.00', '140.01', 'ERR_EXCEED_MAX_TIPS'],
    ])('within limits: in %s of %s, but not of %s', async (market, withTimeout, beyond, code) => {
      const { orderId } = await placeIn(market);
      await expectRefusal(fee(orderId, beyond, market), code, '/data/priorityFee');
      expect(await fee(orderId, withTimeout, market)).toMatchObject({ priceBreakdown: { priorityFee: withTimeout } });
    });

    it.each([
      ['HK', '20.5'],
      ['HK', '0'],
      ['HK', '-20'],
      ['HK', '1e2'],
      ['HK', 'twenty'],
      ['MY', '5.55'],
      ['BR', '5.555'],
    ])('that is an amount: in %s not %j', async (market, amount) => {
      const { orderId } = await placeIn(market);
      await expectRefusal(fee(orderId, amount, market), 'ERR_INVALID_TIPS', '/data/priorityFee');
    });

    it('until a driver accepts, and again when the driver has given it back', async () => {
      const { orderId } = await booked(lalamove);
      await fee(orderId, '20');
      sandbox.moveOrder(orderId, 'ON_GOING');
      await expectRefusal(fee(orderId, '30'), 'ERR_INVALID_ORDER_STATUS');
      sandbox.drive(orderId, { do: 'reject' });
      await expectRefusal(fee(orderId, '20'), 'ERR_INVALID_TIPS', '/data/priorityFee');
      expect(await fee(orderId, '30')).toMatchObject({ priceBreakdown: { priorityFee: '30' } });
    });

    it('and keeps it through an edit', async () => {
      const { orderId } = await booked(lalamove);
      await fee(orderId, '20');
      sandbox.moveOrder(orderId, 'ON_GOING');
      const before = await lalamove.getOrder(orderId);
      expect((await edit(orderId, EDIT.stops)).priceBreakdown).toEqual(before.priceBreakdown);
    });
  });

  describe('is edited', () => {
    const [pickUp, dropOff] = EDIT.stops;
    const KOWLOON = { ...dropOff, coordinates: { lat: '22.31', lng: '114.17' }, address: 'Kowloon', name: 'Bob' };

    it('to another route, by which it is priced', async () => {
      const { orderId, priceBreakdown, metadata } = await accepted();
      const { priceBreakdown: quoted, distance } = await quote({ stops: [pickUp, KOWLOON, dropOff] });
      const edited = await edit(orderId, [{ ...pickUp }, KOWLOON, { ...dropOff, remarks: 'ring twice' }]);
      expect(edited).toMatchObject({ orderId, status: 'ON_GOING', metadata, distance });
      expect(edited.priceBreakdown.total).toBe(quoted.total);
      expect(Number(quoted.total)).toBeGreaterThan(Number(priceBreakdown.total));
      expect(edited.stops.map(({ address, name }) => [address, name])).toEqual([
        ['Victoria Peak', 'Shop'],
        ['Kowloon', 'Bob'],
        ['Airport', 'Ada'],
      ]);
      await expect(lalamove.getOrder(orderId)).resolves.toEqual(edited);
      const { contacts } = await sandbox.control.order(orderId);
      expect(contacts.map(({ remarks }) => remarks)).toEqual([undefined, undefined, 'ring twice']);
      expect(edited.remarks).toEqual(['ring twice']);
    });

    it('and loses the remarks that are not repeated', async () => {
      const quotation = await quote();
      const recipients = orderOf(quotation).recipients.map((person) => ({ ...person, remarks: 'ring twice' }));
      const { orderId } = await place(quotation, { recipients });
      sandbox.moveOrder(orderId, 'ON_GOING');
      await edit(orderId, EDIT.stops);
      expect((await sandbox.control.order(orderId)).contacts[1]).not.toHaveProperty('remarks');
    });

    it('once, whether or not it changed hands since', async () => {
      const { orderId } = await accepted();
      await edit(orderId, [{ ...pickUp }, KOWLOON]);
      await expectRefusal(edit(orderId, EDIT.stops), 'ERR_ORDER_EDIT');
      sandbox.drive(orderId, { do: 'reject' });
      sandbox.drive(orderId, { do: 'accept' });
      await expectRefusal(edit(orderId, EDIT.stops), 'ERR_ORDER_EDIT');
    });

    it.each([
      ['a driver is sought', []],
      ['the goods are on board', ['ON_GOING', 'PICKED_UP']],
      ['it is completed', ['ON_GOING', 'PICKED_UP', 'COMPLETED']],
      ['it is cancelled', ['CANCELED']],
      ['it is rejected', ['ON_GOING', 'REJECTED']],
      ['it has expired', ['EXPIRED']],
    ])('but not while %s', async (_, path) => {
      const { orderId } = await booked(lalamove);
      for (const status of path) sandbox.moveOrder(orderId, status);
      await expectRefusal(edit(orderId, [{ ...pickUp }, KOWLOON]), 'ERR_ORDER_EDIT');
    });

    it.each([
      ['latitude', { coordinates: { lat: '22.2760', lng: '114.1455' } }],
      ['longitude', { coordinates: { lat: '22.2759', lng: '114.1456' } }],
      ['address', { address: 'Victoria Peak, HK' }],
      ['name', { name: 'Shopkeeper' }],
      ['phone', { phone: '+85221234568' }],
    ])('but never to a pick-up with another %s', async (_, change) => {
      const { orderId } = await accepted();
      await expectRefusal(edit(orderId, [{ ...pickUp, ...change }, KOWLOON]), 'ERR_INVALID_FIELD', '/data/stops/0');
      // A refused edit is none.
      const inMoreDigits = { ...pickUp, coordinates: { lat: '22.27590', lng: '114.14550' } };
      expect(await edit(orderId, [inMoreDigits, KOWLOON])).toMatchObject({ orderId });
    });

    it.each([
      [1, 'ERR_INSUFFICIENT_STOPS'],
      [18, 'ERR_TOO_MANY_STOPS'],
    ])('but never to %d stops', async (count, code) => {
      const { orderId } = await accepted();
      const stops = [{ ...pickUp }, ...Array<object>(count - 1).fill(KOWLOON)];
      await expectRefusal(edit(orderId, stops), code, '/data/stops');
    });

    it.each([[2], [17]])('to %d stops', async (count) => {
      const { orderId } = await accepted();
      const stops = [{ ...pickUp }, ...Array<object>(count - 1).fill(KOWLOON)];
      expect((await edit(orderId, stops)).stops).toHaveLength(count);
    });

    it.each([
      ['a phone of another market', { phone: '+6591234567' }, 'ERR_INVALID_PHONE_NUMBER', '/data/stops/1/phone'],
      ['remarks of 1501 characters', { remarks: 'x'.repeat(1501) }, 'ERR_INVALID_FIELD', '/data/stops/1/remarks'],
      ['nobody’s name', { name: undefined }, 'ERR_MISSING_FIELD', '/data/stops/1/name'],
      [
        'a place outside the area',
        { coordinates: { lat: '23.1', lng: '114.1' } },
        'ERR_OUT_OF_SERVICE_AREA',
        '/data/stops/1',
      ],
    ])('but never to a drop-off with %s', async (_, change, code, pointer) => {
      const { orderId } = await accepted();
      await expectRefusal(edit(orderId, [{ ...pickUp }, { ...KOWLOON, ...change }]), code, pointer);
    });

    it('within its city', async () => {
      const { orderId, stops } = await placeIn('TH');
      sandbox.moveOrder(orderId, 'ON_GOING');
      const people = { name: 'Ada', phone: MARKETS.TH?.phone };
      const [from, to] = stops.map(({ coordinates, address }) => ({ ...people, coordinates, address }));
      const inPattaya = { ...people, coordinates: { lat: '12.9236', lng: '100.8825' }, address: 'Beach Road' };
      const start = { ...from, name: 'Shop' };
      const call = edit(orderId, [start, { ...to }, inPattaya], 'TH');
      await expectRefusal(call, 'ERR_OUT_OF_SERVICE_AREA', '/data/stops/2');
      expect((await edit(orderId, [start, { ...to }, { ...to }], 'TH')).stops).toHaveLength(3);
    });
  });

  it('can be told from one that does not exist', async () => {
    await booked(lalamove);
    for (const call of [
      lalamove.getOrder('1'),
      lalamove.cancelOrder('1'),
      edit('1', EDIT.stops),
      fee('1', '20'),
      lalamove.getDriver('1', '2'),
      lalamove.changeDriver('1', '2', { reason: 'DRIVER_LATE' }),
    ]) {
      expect(await failureOf(call)).toMatchObject({ code: 'ERR_ORDER_NOT_FOUND', upstreamStatus: 404 });
    }
  });
});
