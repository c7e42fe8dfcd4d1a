import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Order } from 'nestjs-lalamove';
import { BookingScene } from './booking-scene.js';
import { expectRefusal } from './expect-refusal.js';
import { booked, orderOf, QUOTATION } from '../support/inputs.js';
import { MARKETS } from './market-inputs.js';

describe('an order of the sandbox', () => {
  const scene = new BookingScene();

  beforeEach(() => scene.start());

  afterEach(() => scene.close());

  it('has the quoted values and the metadata of the request', async () => {
    const quotation = await scene.quote();
    const order = await scene.place(quotation, { metadata: { reference: 'A-1', note: '' } });
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
    await expect(scene.lalamove.getOrder(order.orderId)).resolves.toEqual(order);
  });

  it('has an id of 19 digits, larger than all ids before it', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      const quotation = await scene.quote();
      ids.push(quotation.quotationId, (await scene.place(quotation)).orderId);
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
      const { stops } = await scene.placeIn(market, { sender: phone, recipient: phone });
      expect(stops.map((stop) => stop.phone)).toEqual([seen, seen]);
    });

    it('whose remarks are listed line by line', async () => {
      const quotation = await scene.quote();
      const remarked = (remarks?: string): Promise<Order> => {
        const recipients = orderOf(quotation).recipients.map((person) => ({ ...person, ...(remarks && { remarks }) }));
        return scene.place(quotation, { recipients });
      };
      expect(await remarked()).toMatchObject({ remarks: [] });
      expect(await remarked('Ring twice')).toMatchObject({ remarks: ['Ring twice'] });
      expect(await remarked('Instrução linha 1\r\nLinha 2')).toMatchObject({
        remarks: ['Instrução linha 1', 'Linha 2'],
      });
    });

    it('without codes, unless the sandbox gives codes', async () => {
      const codes = async (): Promise<unknown[]> => {
        const { stops } = await booked(scene.lalamove);
        for (const stop of stops) expect(stop).not.toHaveProperty('stopId');
        return stops.map((stop) => stop.delivery_code);
      };
      const none = { value: '', status: 'Not Applicable' };
      expect(await codes()).toEqual([none, none]);
      await scene.start({ deliveryCodes: true });
      expect(await codes()).toEqual([none, { value: expect.stringMatching(/^\d{4}$/), status: 'Pending' }]);
    });

    it.each(Object.keys(MARKETS).map((market, index, all) => [market, all[(index + 1) % all.length] ?? '']))(
      'with phones of the market: in %s none of %s',
      async (market, other) => {
        const foreign = MARKETS[other]?.phone ?? '';
        expect(await scene.placeIn(market)).toMatchObject({ status: 'ASSIGNING_DRIVER' });
        const code = 'ERR_INVALID_PHONE_NUMBER';
        await expectRefusal(scene.placeIn(market, { sender: foreign }), code, '/data/sender/phone');
        await expectRefusal(scene.placeIn(market, { recipient: foreign }), code, '/data/recipients/0/phone');
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
      await expectRefusal(scene.placeIn(market, { sender: phone }), 'ERR_INVALID_PHONE_NUMBER', '/data/sender/phone');
      expect(scene.sandbox.orders).toHaveLength(0);
    });

    it.each([
      ['BR', '+551133350200', 'a landline'],
      ['HK', '+85221234567', 'a landline'],
    ])('and in %s also one with %s: %s', async (market, phone) => {
      expect(await scene.placeIn(market, { sender: phone, recipient: phone })).toMatchObject({
        status: 'ASSIGNING_DRIVER',
      });
    });

    it('with remarks of up to 1500 characters', async () => {
      const quotation = await scene.quote();
      const remarked = (length: number): object => ({
        recipients: orderOf(quotation).recipients.map((person) => ({ ...person, remarks: 'é'.repeat(length) })),
      });
      await scene.place(quotation, remarked(1500));
      await expectRefusal(scene.place(quotation, remarked(1501)), 'ERR_INVALID_FIELD', '/data/recipients/0/remarks');
    });

    it('one at each stop of the quotation', async () => {
      const quotation = await scene.quote({ stops: [...QUOTATION.stops, { address: 'Third street' }] });
      const { sender, recipients } = orderOf(quotation);
      const [first, second] = recipients;
      const at = (...people: (object | undefined)[]): Promise<Order> => scene.place(quotation, { recipients: people });
      await expectRefusal(at(), 'ERR_MISSING_FIELD', '/data/recipients');
      await expectRefusal(at(first), 'ERR_MISSING_FIELD', '/data/recipients');
      await expectRefusal(at(first, first), 'ERR_INVALID_FIELD', '/data/recipients/1/stopId');
      await expectRefusal(at(first, second, second), 'ERR_INVALID_FIELD', '/data/recipients/2/stopId');
      await expectRefusal(at(sender, first, second), 'ERR_INVALID_FIELD', '/data/recipients/0/stopId');
      await expectRefusal(at({ ...first, stopId: '1' }, second), 'ERR_INVALID_FIELD', '/data/recipients/0/stopId');
      await expectRefusal(scene.place(quotation, { sender: first }), 'ERR_INVALID_FIELD', '/data/sender/stopId');
      expect(scene.sandbox.orders).toHaveLength(0);
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
      await expectRefusal(scene.place(await scene.quote(), more), code, pointer);
    });
  });

  describe('has metadata', () => {
    it.each([[{}], [{ reference: 'A-1' }], [{ 'a key': '', другой: '值' }]])(
      'that are strings by name: %j',
      async (metadata) => {
        const { orderId } = await scene.place(await scene.quote(), { metadata });
        expect(await scene.lalamove.getOrder(orderId)).toMatchObject({ metadata });
      },
    );

    it.each([[{ count: 1 }], [{ nested: { a: 'b' } }], [{ none: null }], [{ list: ['a'] }], [['a']], ['a text'], [7]])(
      'and nothing else: %j',
      async (metadata) => {
        await expectRefusal(scene.place(await scene.quote(), { metadata }), 'ERR_INVALID_FIELD', '/data/metadata');
        expect(scene.sandbox.orders).toHaveLength(0);
      },
    );
  });

  describe('is for a quotation', () => {
    it.each([
      [299_999, 'placed'],
      [300_000, 'ERR_INVALID_QUOTATION_ID'],
      [300_001, 'ERR_INVALID_QUOTATION_ID'],
    ])('that is %d ms old: %s', async (age, outcome) => {
      const quotation = await scene.quote();
      await scene.sandbox.advance(age);
      if (outcome === 'placed')
        expect(await scene.place(quotation)).toMatchObject({ quotationId: quotation.quotationId });
      else await expectRefusal(scene.place(quotation), outcome, '/data/quotationId');
    });

    it.each([
      [60_000, 'placed'],
      [60_001, 'ERR_INVALID_SCHEDULE_TIME'],
    ])('with the pick-up a minute after it, placed after %d ms: %s', async (age, outcome) => {
      const quotation = await scene.quote({ scheduleAt: '2026-11-22T08:01:00Z' });
      await scene.sandbox.advance(age);
      if (outcome === 'placed') expect(await scene.place(quotation)).toMatchObject({ status: 'ASSIGNING_DRIVER' });
      else await expectRefusal(scene.place(quotation), outcome, '/data/scheduleAt');
    });

    it.each([
      ['one that is unknown', '3394517965935702476', 'ERR_INVALID_QUOTATION_ID'],
      ['none', undefined, 'ERR_MISSING_FIELD'],
      ['a number', 3394517965935702, 'ERR_INVALID_FIELD'],
    ])('but not for %s', async (_, quotationId, code) => {
      await expectRefusal(scene.place(await scene.quote(), { quotationId }), code, '/data/quotationId');
    });

    it('twice, which is the worse case', async () => {
      const quotation = await scene.quote();
      const orders = [await scene.place(quotation), await scene.place(quotation)];
      expect(new Set(orders.map(({ orderId }) => orderId)).size).toBe(2);
      expect(scene.sandbox.ledger.byQuotation[quotation.quotationId]?.live).toHaveLength(2);
    });

    it('once, if the option says so, and a refused order does not count', async () => {
      await scene.start({ unknowns: { reorderedQuotation: 'refused' } });
      const quotation = await scene.quote();
      await scene.fill('0');
      await expectRefusal(scene.place(quotation), 'ERR_INSUFFICIENT_CREDIT', undefined, 402);
      await scene.fill('1000000');
      const { orderId } = await scene.place(quotation);
      await expectRefusal(scene.place(quotation), 'ERR_INVALID_QUOTATION_ID', '/data/quotationId');
      await scene.lalamove.cancelOrder(orderId);
      await expectRefusal(scene.place(quotation), 'ERR_INVALID_QUOTATION_ID', '/data/quotationId');
      expect(await scene.place(await scene.quote())).toMatchObject({ status: 'ASSIGNING_DRIVER' });
    });
  });
});
