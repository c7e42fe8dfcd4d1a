import { describe, expect, it } from '@jest/globals';
import { orderOf, QUOTATION } from '../support/inputs.js';
import { failureOf } from '../support/lalamove.js';
import { ManualClock } from '../support/manual-clock.js';
import { FIRST_EVENTS, withTimeout } from '../webhooks/webhook-receiver.js';
import {
  START,
  type Shop,
  BAD_ANSWERS,
  place,
  settled,
  signatureOf,
  ofType,
  useShops,
  deliveries,
  send,
  sentFrom,
} from './webhook-shop.js';

describe('the webhooks of a sandbox', () => {
  const { receiverOf, clientOf, unregistered, registered } = useShops();

  describe('go to a URL', () => {
    it('that answered an empty POST with 200', async () => {
      const { sandbox, lalamove, receiver } = await unregistered();
      expect(await lalamove.setWebhookUrl(receiver.url)).toEqual({ url: receiver.url });
      expect(receiver.received).toMatchObject([{ method: 'POST', path: '/hooks/lalamove', body: '' }]);
      expect(receiver.received[0]?.headers).toMatchObject({
        'content-length': '0',
        'content-type': 'application/json',
      });
      const { urls } = await sandbox.control.webhooks();
      expect(urls).toEqual([{ apiKey: sandbox.apiKey, market: 'HK', url: receiver.url, isDisabled: false }]);
    });

    it.each(BAD_ANSWERS)('but not to one that answers its probe with %s; the earlier one stays', async (_, answer) => {
      const shop = await registered(answer === 'hang' ? { webhooks: { timeoutMs: 100 } } : {});
      const other = await receiverOf();
      other.answer = () => answer;
      expect(await failureOf(shop.lalamove.setWebhookUrl(other.url))).toMatchObject({
        name: 'WebhookUrlRefusedException',
        code: 'ERR_INVALID_RESPONSE',
        upstreamStatus: 422,
      });
      await place(shop);
      await settled(shop);
      expect(shop.receiver.types).toContain('ORDER_CREATED');
      // Only the probe. A redirect is not followed.
      expect(other.received).toMatchObject([{ path: '/hooks/lalamove', body: '' }]);
    });

    it('but not to one on which nothing listens', async () => {
      const { sandbox, lalamove, receiver } = await unregistered();
      await receiver.stop();
      expect(await failureOf(lalamove.setWebhookUrl(receiver.url))).toMatchObject({ code: 'ERR_INVALID_RESPONSE' });
      expect(await sandbox.control.webhooks()).toEqual({ urls: [], events: [] });
    });

    it('but not to something that is not an HTTP URL', async () => {
      const { lalamove } = await unregistered();
      for (const url of ['ftp://shop.example/', 'shop.example/hooks', 'http://', '/hooks']) {
        const refused = lalamove.setWebhookUrl(url, { validate: false });
        expect(await failureOf(refused)).toMatchObject({
          code: 'ERR_INVALID_FIELD',
          errors: [{ pointer: '/data/url' }],
        });
      }
    });

    it('until another one replaces it', async () => {
      const shop = await registered();
      const other = await receiverOf();
      await shop.lalamove.setWebhookUrl(other.url);
      await place(shop);
      await settled(shop);
      expect(shop.receiver.received).toEqual([]);
      expect(other.types).toEqual(FIRST_EVENTS);
    });

    it('of their market and their account, signed with its secret', async () => {
      const keys = { apiKey: 'pk_test_other', apiSecret: 'sk_test_other' };
      const shop = await registered({ accounts: [keys] });
      const [elsewhere, theirs] = [await receiverOf(), await receiverOf()];
      const other = await clientOf(shop.sandbox, keys);
      await shop.lalamove.setWebhookUrl(elsewhere.url, { market: 'TH' });
      await other.setWebhookUrl(theirs.url);
      for (const receiver of [elsewhere, theirs]) receiver.clear();
      await place({ lalamove: other });
      await shop.sandbox.control.setBalance({ market: 'TH' }, '500');
      await settled(shop);
      expect(shop.receiver.received).toEqual([]);
      expect(elsewhere.types).toEqual(['WALLET_BALANCE_CHANGED']);
      expect(theirs.types).toEqual(FIRST_EVENTS);
      for (const event of theirs.events) {
        expect(event.apiKey).toBe(keys.apiKey);
        expect(event.signature).toBe(signatureOf(event, keys.apiSecret, '/hooks/lalamove'));
      }
    });
  });

  describe('arrive in the order in which the events happened', () => {
    it('one after the other, through a whole delivery', async () => {
      const shop = await registered({ drivers: 'prompt', deliveryCodes: true });
      let [open, most] = [0, 0];
      shop.receiver.answer = async () => {
        open += 1;
        most = Math.max(most, open);
        await new Promise((resolve) => setTimeout(resolve, 2));
        open -= 1;
        return 200;
      };
      const { orderId } = await place(shop);
      await shop.lalamove.addPriorityFee(orderId, { priorityFee: '20' });
      await shop.sandbox.advance('3h');
      const log = await shop.sandbox.control.log();
      expect(shop.receiver.types).toEqual(log.flatMap((entry) => (entry.kind === 'event' ? entry.type : [])));
      expect(shop.receiver.types).toEqual([
        ...FIRST_EVENTS,
        'WALLET_BALANCE_CHANGED',
        'ORDER_AMOUNT_CHANGED',
        'ORDER_STATUS_CHANGED',
        'DRIVER_ASSIGNED',
        'ORDER_STATUS_CHANGED',
        'POP_STATUS_CHANGED',
        'DELIVERY_CODE_STATUS_CHANGED',
        'POD_STATUS_CHANGED',
        'ORDER_STATUS_CHANGED',
      ]);
      const times = shop.receiver.events.map(({ timestamp }) => timestamp);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(most).toBe(1);
    });

    it('for each of many orders at once', async () => {
      const shop = await registered({ drivers: 'prompt' });
      const orders = await Promise.all(Array.from({ length: 5 }, () => place(shop)));
      await shop.sandbox.advance('3h');
      for (const { orderId } of orders) {
        const own = shop.receiver.events.filter(({ data }) => withTimeout(data, 'order', 'orderId') === orderId);
        expect(own.map(({ eventType, data }) => withTimeout(data, 'order', 'status') ?? eventType)).toEqual([
          // Of ORDER_CREATED, and of the first ORDER_STATUS_CHANGED.
          'ASSIGNING_DRIVER',
          'ASSIGNING_DRIVER',
          'ON_GOING',
          'DRIVER_ASSIGNED',
          'PICKED_UP',
          'POP_STATUS_CHANGED',
          // Of POD_STATUS_CHANGED, which contains the whole order.
          'PICKED_UP',
          'COMPLETED',
        ]);
      }
    });

    it('at its time, for an order that is placed late', async () => {
      const shop = await registered();
      shop.sandbox.addFault({ call: 'placeOrder', work: 'late', lateBy: '2m', answer: 'reset' });
      await failureOf(place(shop));
      await shop.sandbox.advance('1h');
      const then = Date.parse(START) / 1000 + 120;
      const data = { updatedAt: '2026-11-22T16:02.00Z' };
      expect(shop.receiver.events).toMatchObject(
        FIRST_EVENTS.map((eventType) => ({ eventType, timestamp: then, data })),
      );
    });
  });

  describe('before or after the answer to POST /v3/orders', () => {
    it.each([
      [undefined, [...FIRST_EVENTS, 'the answer']],
      ['before-answer', [...FIRST_EVENTS, 'the answer']],
      ['after-answer', ['the answer', ...FIRST_EVENTS]],
    ] as const)('orderCreated %s', async (orderCreated, course) => {
      const shop = await registered(orderCreated && { unknowns: { orderCreated } });
      await place(shop);
      await settled(shop);
      expect(await sentFrom(shop, 'placeOrder')).toEqual(course);
    });

    /**
     * Places an order with a receiver that answers only after the order was answered. It returns how long that took.
     */
    async function waitedFor(shop: Shop): Promise<number> {
      let answered: () => void = () => undefined;
      const answer = new Promise<void>((resolve) => (answered = resolve));
      shop.receiver.answer = async () => {
        await answer;
        return 200;
      };
      const order = orderOf(await shop.lalamove.createQuotation(QUOTATION));
      const beganAt = performance.now();
      await shop.lalamove.placeOrder(order);
      const took = performance.now() - beganAt;
      answered();
      await settled(shop);
      expect(shop.receiver.types).toEqual(FIRST_EVENTS);
      return took;
    }

    it('a receiver that waits for the answer gets it after the limited wait', async () => {
      const took = await waitedFor(await registered({ webhooks: { earlyWaitMs: 50 } }));
      expect(took).toBeGreaterThan(48);
      expect(took).toBeLessThan(1000);
    });

    it('and at once if the event comes after the answer', async () => {
      const shop = await registered({ unknowns: { orderCreated: 'after-answer' }, webhooks: { earlyWaitMs: 60_000 } });
      expect(await waitedFor(shop)).toBeLessThan(3000);
    });
  });

  describe('can be sent by a command', () => {
    it('of an unknown type', async () => {
      const shop = await registered();
      await send(shop, 'DRONE_LAUNCHED', { drone: { id: '7', altitude: 40.5 }, updatedAt: 'now' });
      await settled(shop);
      const [event] = shop.receiver.events;
      expect(event).toMatchObject({
        eventType: 'DRONE_LAUNCHED',
        eventVersion: 'v3',
        dataText: '{"drone":{"id":"7","altitude":40.5},"updatedAt":"now"}',
        signature: event && signatureOf(event, shop.sandbox.apiSecret, '/hooks/lalamove'),
      });
      const refusal = await failureOf(shop.sandbox.control.sendEvent({ market: 'XX' }, 'PING', {}));
      expect(refusal.message).toMatch(/does not serve a market XX/);
    });

    it('again, under their own id', async () => {
      const shop = await registered();
      await place(shop);
      await settled(shop);
      const [created] = ofType(shop.receiver.events, 'ORDER_CREATED');
      await shop.sandbox.advance('3h');
      await shop.sandbox.control.resend(created?.eventId ?? '');
      await settled(shop);
      const again = shop.receiver.events.at(-1);
      expect(again).toMatchObject({
        eventId: created?.eventId,
        eventType: 'ORDER_CREATED',
        dataText: created?.dataText,
      });
      expect(again?.signature).toBe(again && signatureOf(again, shop.sandbox.apiSecret, '/hooks/lalamove'));
      const placed = (await deliveries(shop)).slice(0, FIRST_EVENTS.length);
      const counts = placed.map(({ state, attempts }) => [state, attempts.length]);
      expect(counts).toEqual([1, 2, 1].map((count) => ['delivered', count]));
    });

    it('again although they were lost', async () => {
      const shop = await registered();
      shop.sandbox.addFault({ webhook: 'lost' });
      await send(shop);
      const [lost] = await deliveries(shop);
      await shop.sandbox.control.resend(lost?.eventId ?? '');
      await settled(shop);
      expect(shop.receiver.events).toMatchObject([{ eventId: lost?.eventId, eventType: 'PING' }]);
      expect(await deliveries(shop)).toMatchObject([{ state: 'delivered' }]);
    });

    it('but not if there is no URL', async () => {
      const shop = await unregistered();
      const refusal = await failureOf(send(shop));
      expect(refusal).toMatchObject({ name: 'SandboxControlError', status: 400 });
      expect(refusal.message).toMatch(/pk_test_sandbox has no webhook URL in HK/);
    });

    it('but not by an unknown id', async () => {
      const { sandbox } = await registered();
      expect(await failureOf(sandbox.control.resend('X-1'))).toMatchObject({
        name: 'SandboxControlError',
        status: 400,
        message: 'The sandbox has sent no event X-1.',
      });
    });
  });

  describe('end with the sandbox', () => {
    it.each(['an event', 'a probe'])('although %s has no answer yet', async (what) => {
      // The base clock of the sandbox's clock. It shows timers that were not cancelled.
      const base = new ManualClock();
      const shop = await registered({ clock: base, webhooks: { timeoutMs: 60_000 } });
      shop.receiver.answer = () => 'hang';
      const probing = what === 'a probe' ? failureOf(shop.lalamove.setWebhookUrl(shop.receiver.url)) : send(shop);
      while (shop.receiver.received.length === 0) await new Promise(setImmediate);
      const beganAt = performance.now();
      await shop.sandbox.stop();
      expect(performance.now() - beganAt).toBeLessThan(1000);
      await probing;
      while (shop.receiver.open > 0) await new Promise(setImmediate);
      // The cut attempt has had time to schedule a retry.
      await new Promise((resolve) => setTimeout(resolve, 10));
      expect(base.waiting).toBe(0);
    });

    it('although retries and steps of drivers were scheduled', async () => {
      const base = new ManualClock();
      const shop = await registered({ clock: base, drivers: 'prompt' });
      shop.receiver.answer = () => 500;
      await place(shop);
      await settled(shop);
      expect(base.waiting).toBe(1);
      await shop.sandbox.stop();
      expect(base.waiting).toBe(0);
    });
  });
});
