import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LalamoveService, Order, Quotation } from 'nestjs-lalamove';
import type { LalamoveSandbox, LalamoveSandboxOptions } from 'nestjs-lalamove/sandbox';
import { startFrozen } from './frozen-sandbox.js';
import { booked, orderOf, QUOTATION } from '../support/inputs.js';
import { MARKETS } from './market-inputs.js';

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

  // The local checks are off, so that the sandbox refuses the request.
  const unchecked = { validate: false };

  // A stop of a quotation has no name and no phone.
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

  const fill = async (amount: string, market = 'HK'): Promise<void> => {
    await sandbox.control.setBalance({ market }, amount);
  };

  const expectRefusal = async (call: Promise<unknown>, code: string, pointer?: string, status = 422): Promise<void> => {
    const errors = pointer === undefined ? [{ code }] : [{ code, pointer }];
    await expect(call).rejects.toMatchObject({ code, upstreamStatus: status, errors });
  };

  /** Requests a quotation in a market and places its order with these phones. */
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

  it('has the quoted values and the metadata of the request', async () => {
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

  it('has an id of 19 digits, larger than all ids before it', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      const quotation = await quote();
      ids.push(quotation.quotationId, (await place(quotation)).orderId);
    }
    for (const id of ids) expect(id).toMatch(/^\d{19}$/);
    expect(ids).toEqual([...new Set(ids)].sort());
  });

  describe('has contacts', () => {
    it.each([
      ['HK', '+85251234567', '51234567'],
      ['BR', '+5511955550001', '11955550001'],
      ['BR', '+551133350200', ' 551133350200'],
      ['MY', '+60129499667', '0129499667'],
      ['PH', '+639171234567', '09171234567'],
      ['SG', '+6591234567', '91234567'],
    ])('whose phones are formatted as in the market: in %s %s as %j', async (market, phone, seen) => {
      const { stops } = await placeIn(market, { sender: phone, recipient: phone });
      expect(stops.map((stop) => stop.phone)).toEqual([seen, seen]);
    });

    it('whose remarks are listed line by line', async () => {
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

    it('without codes, unless the sandbox gives codes', async () => {
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
      ['HK', '+85200000000', 'as long as a phone, but not assigned'],
      ['HK', '+8525123456', 'a digit too short'],
      ['HK', '+852512345678', 'a digit too long'],
      ['SG', '+6500000000', 'as long as a phone, but not assigned'],
      ['TH', '+66112345678', 'as long as a phone, but not assigned'],
      ['MY', '+60000000000', 'as long as a phone, but not assigned'],
      ['JP', '+819912345678', 'as long as a phone, but not assigned'],
      ['BR', '+551111111111', 'as long as a phone, but not assigned'],
      ['TW', '+886012345678', 'as long as a phone, but not assigned'],
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
      // In any order of the recipients.
      expect(await at(second, first)).toMatchObject({ stops: [{}, {}, { address: 'Third street' }] });
    });

    it.each([
      ['no sender', { sender: undefined }, 'ERR_MISSING_FIELD', '/data/sender'],
      ['no recipients', { recipients: undefined }, 'ERR_MISSING_FIELD', '/data/recipients'],
      ['recipients that are not an array', { recipients: {} }, 'ERR_INVALID_FIELD', '/data/recipients'],
      ['a recipient that is not an object', { recipients: ['Ada'] }, 'ERR_MISSING_FIELD', '/data/recipients/0'],
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
      'that are strings by name: %j',
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

    it('twice, which is the worse case', async () => {
      const quotation = await quote();
      const orders = [await place(quotation), await place(quotation)];
      expect(new Set(orders.map(({ orderId }) => orderId)).size).toBe(2);
      expect(sandbox.ledger.byQuotation[quotation.quotationId]?.live).toHaveLength(2);
    });

    it('once, if the option says so, and a refused order does not count', async () => {
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
});
