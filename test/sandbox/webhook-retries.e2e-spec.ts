import { describe, expect, it } from '@jest/globals';
import type { SandboxWebhook } from 'nestjs-lalamove/sandbox';
import { failureOf } from '../support/lalamove.js';
import { FIRST_EVENTS, type WebhookAnswer } from '../webhooks/webhook-receiver.js';
import {
  MINUTE,
  type Shop,
  BAD_ANSWERS,
  place,
  settled,
  signatureOf,
  useShops,
  deliveries,
  send,
} from './webhook-shop.js';

const isDisabled = async ({ sandbox }: Shop): Promise<boolean | undefined> =>
  (await sandbox.control.webhooks()).urls[0]?.isDisabled;

describe('the webhooks of a sandbox', () => {
  const { receiverOf, registered } = useShops();

  describe('are retried', () => {
    const answered = BAD_ANSWERS.filter(([, answer]) => answer !== 'hang');

    it.each(answered)('10 times within a day after %s, and then the URL is disabled', async (_, answer) => {
      const shop = await registered();
      shop.receiver.answer = () => answer;
      await send(shop);
      await settled(shop);
      expect(shop.receiver.received).toHaveLength(1);
      await shop.sandbox.advance('24h');
      const [delivery] = await deliveries(shop);
      const status = typeof answer === 'number' ? answer : 302;
      expect(delivery).toMatchObject({ state: 'abandoned', attempts: Array(11).fill({ status }) });
      expectGrowing(delivery);
      expect(shop.receiver.received).toHaveLength(11);
      expect(new Set(shop.receiver.received.map(({ path }) => path))).toEqual(new Set(['/hooks/lalamove']));
      expect(new Set(shop.receiver.events.map(({ eventId }) => eventId)).size).toBe(1);
      expect(await isDisabled(shop)).toBe(true);
    });

    it('after a timeout, too', async () => {
      const shop = await registered({ webhooks: { timeoutMs: 100 } });
      const answers: WebhookAnswer[] = ['hang', 200];
      shop.receiver.answer = () => answers.shift() ?? 500;
      await send(shop);
      await shop.sandbox.advance('24h');
      expect((await deliveries(shop))[0]).toMatchObject({
        state: 'delivered',
        attempts: [{ error: 'no answer within 100 ms' }, { status: 200 }],
      });
    });

    it('10 times within a day if nothing listens', async () => {
      const shop = await registered();
      await shop.receiver.stop();
      await send(shop);
      await shop.sandbox.advance('24h');
      const [delivery] = await deliveries(shop);
      expect(delivery).toMatchObject({ state: 'abandoned', attempts: { length: 11 } });
      expect(delivery?.attempts.every(({ error }) => error?.includes('ECONNREFUSED'))).toBe(true);
      expectGrowing(delivery);
      expect(await isDisabled(shop)).toBe(true);
    });

    it('never again to a disabled URL, until it is registered again', async () => {
      const shop = await registered();
      shop.receiver.answer = () => 500;
      await send(shop, 'FIRST');
      await shop.sandbox.advance('1h');
      await send(shop, 'SECOND');
      await shop.sandbox.advance('24h');
      expect(await isDisabled(shop)).toBe(true);
      shop.receiver.answer = () => 200;
      shop.receiver.clear();
      expect(await failureOf(send(shop, 'THIRD'))).toMatchObject({ name: 'SandboxControlError', status: 400 });
      await place(shop);
      await shop.sandbox.advance('48h');
      expect(shop.receiver.received).toEqual([]);
      expect((await deliveries(shop)).map(({ eventType, state }) => [eventType, state])).toEqual([
        ['FIRST', 'abandoned'],
        ['SECOND', 'abandoned'],
      ]);
      await shop.lalamove.setWebhookUrl(shop.receiver.url);
      expect(await isDisabled(shop)).toBe(false);
      await send(shop, 'FOURTH');
      await shop.sandbox.advance('48h');
      expect(shop.receiver.types).toEqual(['FOURTH']);
    });

    it('no more once a receiver answered 200', async () => {
      const shop = await registered();
      const answers = [500, 404, 200];
      shop.receiver.answer = () => answers.shift() ?? 500;
      await send(shop);
      await shop.sandbox.advance('48h');
      expect((await deliveries(shop))[0]).toMatchObject({
        state: 'delivered',
        attempts: [{ status: 500 }, { status: 404 }, { status: 200 }],
      });
      expect(shop.receiver.received).toHaveLength(3);
      expect(await isDisabled(shop)).toBe(false);
    });

    it('after the given pauses', async () => {
      const shop = await registered({ webhooks: { retryPauses: ['90s', '1h'] } });
      shop.receiver.answer = () => 500;
      await send(shop);
      await shop.sandbox.advance('48h');
      const at = (await deliveries(shop))[0]?.attempts.map((attempt) => attempt.at);
      expect(at).toEqual(['2026-11-22T08:00:00.000Z', '2026-11-22T08:01:30.000Z', '2026-11-22T09:01:30.000Z']);
      expect(await isDisabled(shop)).toBe(true);
    });

    it('while others are sent, and then no longer in their order', async () => {
      const shop = await registered();
      let isFirst = true;
      shop.receiver.answer = () => {
        const status = isFirst ? 500 : 200;
        isFirst = false;
        return status;
      };
      await place(shop);
      await settled(shop);
      await shop.sandbox.advance('1m');
      expect(shop.receiver.types).toEqual([...FIRST_EVENTS, FIRST_EVENTS[0]]);
    });

    it('no more once it was resent and answered with 200', async () => {
      const shop = await registered();
      const answers = [500, 200];
      shop.receiver.answer = () => answers.shift() ?? 500;
      await send(shop);
      await settled(shop);
      await shop.sandbox.control.resend(shop.receiver.events[0]?.eventId ?? '');
      await shop.sandbox.advance('24h');
      expect(shop.receiver.received).toHaveLength(2);
      expect(await deliveries(shop)).toMatchObject([{ state: 'delivered' }]);
    });

    it('to the URL that replaced the first one, signed with its path', async () => {
      const shop = await registered();
      shop.receiver.answer = () => 500;
      await send(shop);
      await settled(shop);
      const other = await receiverOf();
      await shop.lalamove.setWebhookUrl(other.urlOf('/other'));
      await shop.sandbox.advance('24h');
      expect(shop.receiver.received).toHaveLength(1);
      const [event, ...more] = other.events;
      expect(event?.signature).toBe(event && signatureOf(event, shop.sandbox.apiSecret, '/other'));
      expect(more).toEqual([]);
    });

    it.each([
      ['signed-anew', 60],
      ['repeated', 0],
    ] as const)('%s: the timestamp moves by %d seconds', async (webhookRetries, seconds) => {
      const shop = await registered({ unknowns: { webhookRetries } });
      const answers = [500, 200];
      shop.receiver.answer = () => answers.shift() ?? 200;
      await send(shop, 'PING', { a: 1 });
      await shop.sandbox.advance('1m');
      const [first, second] = shop.receiver.events;
      if (!first || !second) throw new Error('There was no retry.');
      expect(second.timestamp - first.timestamp).toBe(seconds);
      for (const event of [first, second]) {
        expect(event.signature).toBe(signatureOf(event, shop.sandbox.apiSecret, '/hooks/lalamove'));
      }
      expect(second).toMatchObject({ eventId: first.eventId, dataText: first.dataText });
      expect(second.body === first.body).toBe(webhookRetries === 'repeated');
    });

    function expectGrowing(delivery: SandboxWebhook | undefined): void {
      const at = (delivery?.attempts ?? []).map((attempt) => Date.parse(attempt.at));
      const pauses = at.slice(1).map((time, index) => time - (at[index] ?? 0));
      expect(pauses).toHaveLength(10);
      pauses.slice(1).forEach((pause, index) => {
        expect(pause).toBeGreaterThan(pauses[index] ?? 0);
      });
      expect((at.at(-1) ?? 0) - (at[0] ?? 0)).toBeLessThanOrEqual(24 * 60 * MINUTE);
    }
  });
});
