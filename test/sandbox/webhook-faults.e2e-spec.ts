import { describe, expect, it } from '@jest/globals';
import { MAGIC_VALUES, type WebhookFault } from 'nestjs-lalamove/sandbox';
import { failureOf } from '../support/lalamove.js';
import { withTimeout, type ReceivedEvent } from '../webhooks/webhook-receiver.js';
import {
  START,
  MINUTE,
  type Shop,
  deliver,
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
  const { registered } = useShops();

  describe('go wrong', () => {
    /** The events of an order that is placed and accepted by a driver, in brief. */
    const STORY = ['ORDER_CREATED', 'ORDER_STATUS_CHANGED', 'ORDER_STATUS_CHANGED', 'DRIVER_ASSIGNED'] as const;

    /** For each fault: the events received at once and ten minutes later, and further checks. */
    const COURSES: Record<
      WebhookFault['webhook'],
      {
        atOnce: readonly string[];
        later?: readonly string[];
        also?: (shop: Shop, story: ReceivedEvent[]) => unknown;
      }
    > = {
      lost: {
        atOnce: [],
        // The sandbox has the events, but has not tried to send them.
        also: async (shop) => {
          const ofTheOrder = (await deliveries(shop)).filter(({ orderId }) => orderId !== undefined);
          expect(ofTheOrder).toMatchObject(STORY.map((eventType) => ({ eventType, state: 'lost', attempts: [] })));
        },
      },
      doubled: {
        atOnce: STORY.flatMap((type) => [type, type]),
        // Byte by byte.
        also: (_, story) => {
          story.forEach(({ body }, index) => {
            expect(body).toBe(story[index - (index % 2)]?.body);
          });
          // The last two have the same id.
          expect(new Set(story.map(({ eventId }) => eventId)).size).toBe(STORY.length - 1);
        },
      },
      delayed: {
        atOnce: [],
        later: STORY,
        // They contain the time of the event, and are signed when they are sent.
        also: ({ sandbox }, story) => {
          for (const event of story) {
            expect(event.data.updatedAt).toBe('2026-11-22T16:00.00Z');
            expect(event.timestamp).toBe(Date.parse(START) / 1000 + 600);
            expect(event.signature).toBe(signatureOf(event, sandbox.apiSecret, '/hooks/lalamove'));
          }
        },
      },
      // Pairs of events are swapped.
      reordered: {
        atOnce: ['ORDER_STATUS_CHANGED', 'ORDER_CREATED', 'DRIVER_ASSIGNED', 'ORDER_STATUS_CHANGED'],
        also: (_, story) => {
          const statuses = story.map(({ data }) => withTimeout(data, 'order', 'previousStatus'));
          expect(statuses).toEqual(['', undefined, undefined, 'ASSIGNING_DRIVER']);
        },
      },
      'badly-signed': {
        atOnce: STORY,
        also: ({ sandbox, receiver }, story) => {
          for (const event of story) {
            expect(event.signature).toMatch(/^[0-9a-f]{64}$/);
            expect(event.signature).not.toBe(signatureOf(event, sandbox.apiSecret, '/hooks/lalamove'));
            expect(event.apiKey).toBe(sandbox.apiKey);
          }
          const [wallet] = ofType(receiver.events, 'WALLET_BALANCE_CHANGED');
          expect(wallet?.signature).toBe(wallet && signatureOf(wallet, sandbox.apiSecret, '/hooks/lalamove'));
        },
      },
      // It changes only the time; see below.
      early: { atOnce: STORY },
    };

    /** Places an order and has it accepted, with a fault of a command or of a magic value. */
    const WAYS = {
      'by a rule': async (shop: Shop, webhook: WebhookFault['webhook']): Promise<void> => {
        shop.sandbox.addFault({ webhook, event: STORY, times: 'always' });
        const { orderId } = await place(shop);
        await settled(shop);
        shop.sandbox.moveOrder(orderId, 'ON_GOING');
      },
      'by a magic value': async (shop: Shop, webhook: WebhookFault['webhook']): Promise<void> => {
        const { orderId } = await place(shop, { metadata: { sandbox: `webhooks-${webhook}` } });
        await settled(shop);
        shop.sandbox.moveOrder(orderId, 'ON_GOING');
      },
    };

    it('by magic values, which are all in the table', () => {
      const values = Object.keys(COURSES).map((name) => `webhooks-${name}`);
      expect(MAGIC_VALUES.filter((value) => value.startsWith('webhooks-')).sort()).toEqual(values.sort());
    });

    describe.each(Object.entries(WAYS))('%s', (_, addFault) => {
      it.each(Object.entries(COURSES))('%s', async (name, { atOnce, later = [], also }) => {
        const shop = await registered();
        const story = (): ReceivedEvent[] =>
          shop.receiver.events.filter(({ eventType }) => eventType !== 'WALLET_BALANCE_CHANGED');
        const types = (): string[] => story().map(({ eventType }) => eventType);
        await addFault(shop, faultOf(name));
        await settled(shop);
        expect(types()).toEqual(atOnce);
        await shop.sandbox.advance(10 * MINUTE - 1);
        expect(types()).toEqual(atOnce);
        await shop.sandbox.advance(1);
        expect(types()).toEqual([...atOnce, ...later]);
        await also?.(shop, story());
        await shop.sandbox.advance('1h');
        expect(types()).toEqual([...atOnce, ...later]);
        // The events of other orders are not affected.
        expect(ofType(shop.receiver.events, 'WALLET_BALANCE_CHANGED')).toHaveLength(1);
      });
    });

    describe('early', () => {
      /** What a client and a receiver see of a cancellation, in its order. */
      async function cancelled(metadata: Record<string, string>, fault?: WebhookFault): Promise<string[]> {
        const shop = await registered({ unknowns: { orderCreated: 'after-answer' } });
        const { orderId } = await place(shop, { metadata });
        await settled(shop);
        if (fault) shop.sandbox.addFault(fault);
        const journal: string[] = [];
        shop.receiver.answer = async ({ body }) => {
          await new Promise((resolve) => setTimeout(resolve, 10));
          journal.push(/"eventType":"(\w+)"/.exec(body)?.[1] ?? '');
          return 200;
        };
        await shop.lalamove.cancelOrder(orderId);
        journal.push('the answer');
        await settled(shop);
        return journal;
      }

      it.each([
        ['by a rule', {}, { webhook: 'early', event: 'ORDER_STATUS_CHANGED' }],
        ['by a magic value', { sandbox: 'webhooks-early' }, undefined],
      ] as const)('%s: before the answer to the call that caused it', async (_, metadata, fault) => {
        expect(await cancelled(metadata, fault)).toEqual([
          'ORDER_STATUS_CHANGED',
          'the answer',
          'WALLET_BALANCE_CHANGED',
        ]);
      });

      it('otherwise after it', async () => {
        const shop = await registered({ unknowns: { orderCreated: 'after-answer' } });
        const { orderId } = await place(shop);
        await settled(shop);
        await shop.lalamove.cancelOrder(orderId);
        await settled(shop);
        expect(await sentFrom(shop, 'cancelOrder')).toEqual([
          'the answer',
          'ORDER_STATUS_CHANGED',
          'WALLET_BALANCE_CHANGED',
        ]);
      });

      it('before an answer that never comes', async () => {
        const shop = await registered({ unknowns: { orderCreated: 'after-answer' } });
        shop.sandbox.addFault({ webhook: 'early', event: 'ORDER_CREATED' });
        shop.sandbox.addFault({ call: 'placeOrder', work: 'done', answer: 'reset' });
        const journal: string[] = [];
        shop.receiver.answer = () => {
          journal.push('webhook');
          return 200;
        };
        await failureOf(place(shop));
        journal.push('reset');
        expect(journal.slice(0, 2)).toEqual(['webhook', 'reset']);
      });
    });

    describe('reordered', () => {
      it('is sent alone after a minute if no event follows', async () => {
        const shop = await registered();
        shop.sandbox.addFault({ webhook: 'reordered' });
        await send(shop, 'FIRST');
        await shop.sandbox.advance(MINUTE - 1);
        expect(shop.receiver.types).toEqual([]);
        await shop.sandbox.advance(1);
        expect(shop.receiver.types).toEqual(['FIRST']);
        await send(shop, 'SECOND');
        await shop.sandbox.advance('1h');
        expect(shop.receiver.types).toEqual(['FIRST', 'SECOND']);
      });

      it('works again after an event that was sent alone', async () => {
        const shop = await registered();
        shop.sandbox.addFault({ webhook: 'reordered' });
        await send(shop, 'FIRST');
        await shop.sandbox.advance('2m');
        shop.sandbox.addFault({ webhook: 'reordered' });
        await send(shop, 'SECOND');
        await send(shop, 'THIRD');
        await settled(shop);
        expect(shop.receiver.types).toEqual(['FIRST', 'THIRD', 'SECOND']);
      });

      it('swaps pairs of events if all have the fault', async () => {
        const shop = await registered();
        shop.sandbox.addFault({ webhook: 'reordered', times: 'always' });
        for (const type of ['A', 'B', 'C', 'D']) await send(shop, type);
        await settled(shop);
        expect(shop.receiver.types).toEqual(['B', 'A', 'D', 'C']);
      });
    });

    it.each([
      ['doubled and delayed', ['doubled', 'delayed'], 2],
      ['doubled and reordered', ['doubled', 'reordered'], 2],
      ['doubled and badly signed', ['doubled', 'badly-signed'], 2],
      ['lost, with any other fault', ['doubled', 'delayed', 'lost'], 0],
    ] as const)('%s', async (_, faults, count) => {
      const shop = await registered();
      for (const webhook of faults) shop.sandbox.addFault({ webhook, event: 'PING' });
      await send(shop, 'PING');
      await send(shop, 'PONG');
      await shop.sandbox.advance('1h');
      expect(ofType(shop.receiver.events, 'PING')).toHaveLength(count);
      expect(ofType(shop.receiver.events, 'PONG')).toHaveLength(1);
    });

    it('delayed for the given time', async () => {
      const shop = await registered();
      shop.sandbox.addFault({ webhook: 'delayed', delay: '3h' });
      await send(shop);
      await shop.sandbox.advance(180 * MINUTE - 1);
      expect(shop.receiver.types).toEqual([]);
      await shop.sandbox.advance(1);
      expect(shop.receiver.types).toEqual(['PING']);
    });

    it('delayed, and then retried like any other', async () => {
      const shop = await registered();
      const answers = [500, 200];
      shop.receiver.answer = () => answers.shift() ?? 500;
      shop.sandbox.addFault({ webhook: 'delayed', delay: '3h' });
      await send(shop);
      await shop.sandbox.advance('24h');
      expect((await deliveries(shop))[0]).toMatchObject({ state: 'delivered', attempts: { length: 2 } });
    });

    it('of an event, of a list of events, of an order, as often as the fault says', async () => {
      const shop = await registered();
      const [one, other] = [await place(shop), await place(shop)];
      await settled(shop);
      shop.receiver.clear();
      shop.sandbox.addFault({
        webhook: 'lost',
        event: ['POP_STATUS_CHANGED', 'POD_STATUS_CHANGED'],
        orderId: one.orderId,
        times: 'always',
      });
      shop.sandbox.addFault({ webhook: 'lost', event: 'ORDER_STATUS_CHANGED', times: 2 });
      for (const { orderId } of [other, one]) deliver(shop, orderId);
      await settled(shop);
      const reported = (orderId: string): unknown[] =>
        shop.receiver.events
          .filter(({ data }) => withTimeout(data, 'order', 'orderId') === orderId)
          .map(({ eventType, data }) => withTimeout(data, 'order', 'status') ?? eventType);
      expect(reported(other.orderId)).toEqual(['DRIVER_ASSIGNED', 'POP_STATUS_CHANGED', 'PICKED_UP', 'COMPLETED']);
      expect(reported(one.orderId)).toEqual(['ON_GOING', 'DRIVER_ASSIGNED', 'PICKED_UP', 'COMPLETED']);
      expect(await shop.sandbox.control.faults()).toMatchObject([{ orderId: one.orderId, left: 'always' }]);
    });

    it('by probability, the same for the same seed', async () => {
      const course = async (seed: string): Promise<string[]> => {
        const shop = await registered({ seed });
        shop.sandbox.addFault({ webhook: 'lost', times: 'always', probability: 0.4 });
        for (let count = 0; count < 24; count += 1) await send(shop, `EVENT_${count}`);
        await settled(shop);
        return shop.receiver.types;
      };
      const [first, again, other] = [await course('a'), await course('a'), await course('b')];
      expect(again).toEqual(first);
      expect(other).not.toEqual(first);
      for (const arrived of [first, other]) {
        expect(arrived.length).toBeGreaterThan(6);
        expect(arrived.length).toBeLessThan(22);
      }
    });
  });
});

function faultOf(name: string): WebhookFault['webhook'] {
  const faults = ['lost', 'doubled', 'delayed', 'reordered', 'badly-signed', 'early'] as const;
  const found = faults.find((fault) => fault === name);
  if (found) return found;
  throw new TypeError(`${name} is no fault.`);
}
