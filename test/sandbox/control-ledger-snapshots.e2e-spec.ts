import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SandboxControl } from 'nestjs-lalamove/sandbox';
import { type Answer, type Quoted, Scene, HK, refused, CONTROLS } from './control-scene.js';

const scene = new Scene();

beforeEach(() => scene.start());

afterEach(() => scene.stop());

describe.each(CONTROLS)('SandboxControl, %s', (_, controlOf) => {
  let control: SandboxControl;

  beforeEach(() => {
    control = controlOf(scene.sandbox);
  });

  describe('the ledger', () => {
    const idle = { orderIds: [], live: [], completed: [], spent: {} };

    it('is empty without orders', async () => {
      expect(await control.ledger()).toEqual({ total: idle, byQuotation: {}, byMetadata: {} });
    });

    it('adds up live orders, completed orders and spending: in total, by quotation and by metadata', async () => {
      const quotation = await scene.quote();
      const metadata = { reference: 'A-1', shop: 'Central' };
      for (let times = 0; times < 3; times += 1) await scene.order(quotation, { metadata });
      const [first = '', second = '', third = ''] = (await control.orders()).map(({ order }) => order.orderId);
      const other = await scene.book({ metadata: { reference: 'A-2', shop: 'Central' } });
      for (const status of ['ON_GOING', 'PICKED_UP', 'COMPLETED']) await control.moveOrder(first, status);
      await control.moveOrder(second, 'CANCELED');
      const { total, byQuotation, byMetadata } = await control.ledger();
      const price = Number((await control.order(first)).spent);
      const spent = (orders: number): object => ({ HKD: String(price * orders) });
      const thrice = { orderIds: [first, second, third], live: [third], completed: [first], spent: spent(2) };
      const all = {
        orderIds: [first, second, third, other],
        live: [third, other],
        completed: [first],
        spent: spent(3),
      };
      expect(total).toEqual(all);
      expect(byQuotation).toEqual({
        [quotation.quotationId]: thrice,
        [(await control.order(other)).order.quotationId]: {
          orderIds: [other],
          live: [other],
          completed: [],
          spent: spent(1),
        },
      });
      expect(byMetadata).toEqual({
        reference: { 'A-1': thrice, 'A-2': { orderIds: [other], live: [other], completed: [], spent: spent(1) } },
        shop: { Central: all },
      });
    });

    it('adds up each currency separately', async () => {
      const [first, second] = [await scene.book(), await scene.book({}, { market: 'SG' })];
      const { spent } = (await control.ledger()).total;
      expect(spent).toEqual({ HKD: (await control.order(first)).spent, SGD: (await control.order(second)).spent });
      expect(spent.SGD).toMatch(/^\d+\.\d$/);
      await control.moveOrder(second, 'CANCELED');
      expect((await control.ledger()).total.spent).toEqual({ HKD: spent.HKD, SGD: '0.0' });
    });

    it('accepts any word as key and value, also after a restore', async () => {
      const names = ['42', '__proto__', 'constructor', 'toString', 'hasOwnProperty', ''];
      const orderId = await scene.book({ metadata: Object.fromEntries(names.map((name) => [name, name])) });
      await control.restore(await control.snapshot());
      const { byMetadata } = await control.ledger();
      expect(Object.keys(byMetadata)).toEqual(names);
      for (const [name, byValue] of Object.entries(byMetadata)) {
        expect(Object.entries(byValue)).toEqual([[name, expect.objectContaining({ live: [orderId] })]]);
      }
    });
  });

  describe('a snapshot', () => {
    /**
     * A sequence of requests that depends on random numbers, time and scheduled items. It returns every answer and the
     * state after it.
     */
    async function live({ orderId, quotation }: { orderId: string; quotation: Quoted }): Promise<unknown> {
      const answers: Answer[] = [];
      const step = async (answer: Promise<Answer>): Promise<void> => {
        answers.push(await answer);
        await scene.sandbox.advance(0);
      };
      const from = scene.receiver.bodies.length;
      for (let minute = 0; minute < 2; minute += 1) {
        await step(scene.order(quotation, { metadata: { reference: `B-${minute}` } }));
        await step(scene.call('GET', `/v3/orders/${orderId}`));
        await step(scene.call('POST', '/v3/orders/1/priority-fee', { priorityFee: '20' }));
        await step(scene.call('GET', '/v3/cities'));
        await scene.sandbox.advance('1m');
      }
      await scene.sandbox.advance('3h');
      await step(scene.call('GET', `/v3/orders/${orderId}`));
      const seen = await Promise.all([
        control.clock(),
        control.orders(),
        control.wallets(),
        control.ledger(),
        control.faults(),
        control.webhooks(),
      ]);
      return { answers, seen, bodies: scene.receiver.bodies.slice(from) };
    }

    /** A state with many scheduled items: couriers on their way, a retry, a late order, faults by probability. */
    async function prepared(): Promise<{ orderId: string; quotation: Quoted }> {
      await control.setDrivers('mixed');
      await scene.registerWebhooks();
      const orderId = await scene.book({ isPODEnabled: true });
      await scene.book();
      const quotation = await scene.quote();
      await control.addFault({
        call: 'placeOrder',
        work: 'late',
        lateBy: '3m',
        answer: { code: 'LALAMOVE_SERVER_ERROR' },
      });
      await scene.order(quotation);
      scene.receiver.status = 500;
      await control.advance('35s');
      scene.receiver.status = 200;
      await control.addFault({ call: 'getCities', times: 2, answer: { status: 418, body: 'tea' } });
      await control.addFault({ probability: 0.3, times: 'always', answer: { code: 'LALAMOVE_SERVER_ERROR' } });
      await control.addFault({ webhook: 'doubled', probability: 0.5, times: 'always' });
      return { orderId, quotation };
    }

    it('restores everything: the same requests get the same answers again, repeatedly', async () => {
      const known = await prepared();
      const before = await control.orders();
      const id = await control.snapshot();
      const first = await live(known);
      expect(JSON.stringify(first)).toContain('COMPLETED');
      await control.setBalance(HK, '0');
      await control.setDrivers('still');
      await control.clearFaults();
      await control.restore(id);
      expect(await control.orders()).toEqual(before);
      expect(await control.clock()).toEqual({ now: '2026-11-22T08:00:35.000Z', speed: 0 });
      expect(await live(known)).toEqual(first);
      await control.restore(id);
      expect(await live(known)).toEqual(first);
    });

    it('does not change requests and log', async () => {
      const id = await control.snapshot();
      await scene.book();
      await control.restore(id);
      expect(await control.requests()).toHaveLength(2);
      const lines = await control.log();
      expect(lines.map(({ seq }) => seq)).toEqual(lines.map((__, index) => index + 1));
      expect(lines.at(-1)).toMatchObject({ kind: 'control', what: `POST /_sandbox/snapshots/${id}/restore` });
    });

    it('is one of several', async () => {
      const empty = await control.snapshot();
      const orderId = await scene.book();
      const one = await control.snapshot();
      await scene.book();
      expect(one).not.toBe(empty);
      await control.restore(empty);
      expect(await control.orders()).toEqual([]);
      await control.restore(one);
      expect((await control.orders()).map(({ order }) => order.orderId)).toEqual([orderId]);
    });

    it('is refused if it does not exist', async () => {
      expect(await refused(control.restore('snapshot-1'))).toBe('The sandbox has no snapshot snapshot-1.');
    });
  });
});
