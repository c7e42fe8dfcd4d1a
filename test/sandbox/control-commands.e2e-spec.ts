import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SandboxControl } from 'nestjs-lalamove/sandbox';
import { OTHER, Scene, HK, refused, CONTROLS } from './control-scene.js';

const scene = new Scene();

beforeEach(() => scene.start());

afterEach(() => scene.stop());

describe.each(CONTROLS)('SandboxControl, %s', (_, controlOf) => {
  let control: SandboxControl;

  beforeEach(() => {
    control = controlOf(scene.sandbox);
  });

  describe('the clock', () => {
    it('can be read, advanced and set to a speed', async () => {
      expect(await control.clock()).toEqual({ now: '2026-11-22T08:00:00.000Z', speed: 0 });
      expect(await control.advance('1h 30m')).toEqual({ now: '2026-11-22T09:30:00.000Z', speed: 0 });
      expect(await control.advance(250)).toEqual({ now: '2026-11-22T09:30:00.250Z', speed: 0 });
      expect(await control.setSpeed(3600)).toMatchObject({ speed: 3600 });
      expect(await control.setSpeed(0)).toMatchObject({ speed: 0 });
      expect(scene.sandbox.clock.speed).toBe(0);
    });

    it('has sent the webhooks of an advance when the advance ends', async () => {
      await scene.registerWebhooks();
      await control.setDrivers('prompt');
      const orderId = await scene.book();
      await control.advance('2h');
      expect(scene.receiver.bodies.at(-1)).toContain(orderId);
      expect(scene.receiver.bodies.at(-1)).toContain('COMPLETED');
      expect((await control.webhooks()).events.map(({ state }) => state)).not.toContain('pending');
    });

    it('runs concurrent advances one after the other', async () => {
      await Promise.all([control.advance('1h'), control.advance('1h'), control.advance('1h')]);
      expect((await control.clock()).now).toBe('2026-11-22T11:00:00.000Z');
    });

    it.each([
      ['a word', 'soon'],
      ['nothing', ''],
      ['a negative duration', -1],
      ['not a number', Number.NaN],
      ['more than a Date can hold', '99999999999d'],
    ])('refuses to advance by %s and does not move', async (__, by) => {
      await refused(control.advance(by));
      expect(await control.clock()).toEqual({ now: '2026-11-22T08:00:00.000Z', speed: 0 });
    });

    it('refuses an invalid speed', async () => {
      expect(await refused(control.setSpeed(-1))).toMatch(/at least 0, not -1/);
      // With the last one the clock would exceed the largest `Date` before the next request.
      for (const speed of [Number.NaN, 1e300]) await refused(control.setSpeed(speed));
      expect(await control.clock()).toEqual({ now: '2026-11-22T08:00:00.000Z', speed: 0 });
    });
  });

  describe('wallets', () => {
    it('belong to a key in a market, and are listed once they have been used', async () => {
      expect(await control.wallets()).toEqual([]);
      expect(await control.setBalance({ market: 'hk' }, '700')).toEqual({
        apiKey: scene.sandbox.apiKey,
        market: 'HK',
        currency: 'HKD',
        balance: '700',
      });
      await control.setBalance({ market: 'SG', apiKey: OTHER.apiKey }, '12.5');
      await control.setBalance({ market: 'SG' }, '7.00');
      expect(await control.wallets()).toMatchObject([
        { apiKey: scene.sandbox.apiKey, market: 'HK', balance: '700' },
        { apiKey: OTHER.apiKey, market: 'SG', currency: 'SGD', balance: '12.5' },
        { apiKey: scene.sandbox.apiKey, market: 'SG', balance: '7.0' },
      ]);
    });

    it('pay for orders and get refunds', async () => {
      await control.setBalance(HK, '1000');
      const orderId = await scene.book();
      const { spent } = await control.order(orderId);
      const balance = async (): Promise<string | undefined> => (await control.wallets())[0]?.balance;
      expect(await balance()).toBe(String(1000 - Number(spent)));
      await control.moveOrder(orderId, 'CANCELED');
      expect(await balance()).toBe('1000');
      await control.setBalance(HK, '0');
      expect(await scene.order(await scene.quote())).toMatchObject({
        status: 402,
        body: expect.stringContaining('ERR_INSUFFICIENT_CREDIT'),
      });
      expect((await scene.order(await scene.quote(OTHER), {}, OTHER)).status).toBe(201);
    });

    it.each([
      ['', /"balance"/],
      ['much', /"much" is not an amount in HKD/],
      ['1e3', /is not an amount/],
      ['1,000', /is not an amount/],
      [' 5', /is not an amount/],
      ['0x10', /is not an amount/],
      ['12.5', /is not an amount in HKD/],
      ['9'.repeat(13), /is not an amount/],
    ])('refuse the balance %j', async (balance, problem) => {
      expect(await refused(control.setBalance(HK, balance))).toMatch(problem);
      expect(await control.wallets()).toEqual([]);
    });

    it('are refused for unknown markets and keys', async () => {
      expect(await refused(control.setBalance({ market: 'XX' }, '1'))).toBe('The sandbox does not serve a market XX.');
      expect(await refused(control.setBalance({ market: 'HK', apiKey: 'pk_test_no' }, '1'))).toBe(
        'The sandbox has no account pk_test_no.',
      );
    });
  });

  describe('faults', () => {
    it('apply in their order and as often as they say, and are then removed', async () => {
      const first = await control.addFault({ call: 'getCities', times: 2, answer: { status: 418, body: 'tea' } });
      const second = await control.addFault({ answer: { code: 'LALAMOVE_SERVER_ERROR' } });
      expect(await control.faults()).toEqual([first, second]);
      expect(first).toEqual({
        id: expect.any(String),
        left: 2,
        fired: 0,
        call: 'getCities',
        times: 2,
        answer: { status: 418, body: 'tea' },
      });
      expect(second.left).toBe(1);
      const cities = async (): Promise<number> => (await scene.call('GET', '/v3/cities')).status;
      expect(await cities()).toBe(418);
      expect(await control.faults()).toMatchObject([{ id: first.id, left: 1 }, { id: second.id }]);
      expect([await cities(), await cities(), await cities()]).toEqual([418, 500, 200]);
      expect(await control.faults()).toEqual([]);
    });

    it('can be removed one by one or all at once', async () => {
      const [first, second, third] = [
        await control.addFault({ answer: 'reset', times: 'always' }),
        await control.addFault({ webhook: 'lost', event: 'ORDER_CREATED' }),
        await control.addFault({ answer: 'hang' }),
      ];
      await control.removeFault(second.id);
      expect(await control.faults()).toEqual([first, third]);
      expect(await refused(control.removeFault(second.id))).toBe(`The sandbox has no fault ${second.id}.`);
      await control.clearFaults();
      expect(await control.faults()).toEqual([]);
      expect((await scene.call('GET', '/v3/cities')).status).toBe(200);
    });

    it('are refused if they are invalid', async () => {
      expect(await refused(control.addFault({ times: 0 }))).toMatch(/times must be/);
      expect(await refused(control.addFault({ probability: 1.5 }))).toMatch(/probability must be/);
      expect(await refused(control.addFault({ latencyMs: -1 }))).toMatch(/latencyMs must be/);
      expect(await refused(control.addFault({ work: 'late', lateBy: 'soon' }))).toMatch(/is not a duration/);
      expect(await control.faults()).toEqual([]);
    });
  });
});
