import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable, Module, type ModuleMetadata, type OnModuleInit } from '@nestjs/common';
import {
  InMemoryLalamoveInbox,
  LalamoveInboxHost,
  LalamoveWebhooks,
  OnLalamoveEvent,
  readLalamoveEvent,
  signWebhook,
  type LalamoveEvent,
  type LalamoveEventHandler,
  type LalamoveInbox,
  type LalamoveInboxEntry,
  type OrderStatusChangedEvent,
} from 'nestjs-lalamove';
import { PLATFORMS } from '../support/host-app.js';
import { KEYS } from '../support/lalamove.js';
import { turn, until } from '../support/until.js';
import { orderStatus, PATH, WebhookHost } from './event-host.js';

type Acceptance = ReturnType<LalamoveInbox['accept']>;

/** An inbox of the host that stores the facts, and dispatches them when the test says so. */
class StoringInbox implements LalamoveInbox {
  readonly stored: LalamoveInboxEntry[] = [];
  readonly course: string[] = [];
  answer: (entry: LalamoveInboxEntry) => Acceptance = () => 'new';
  #handlersOf: (event: LalamoveEvent) => readonly LalamoveEventHandler[] = () => [];

  accept(entry: LalamoveInboxEntry): Acceptance {
    this.stored.push(entry);
    this.course.push('accept');
    return this.answer(entry);
  }

  start(handlersOf: (event: LalamoveEvent) => readonly LalamoveEventHandler[]): Promise<void> {
    this.#handlersOf = handlersOf;
    this.course.push('start');
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.course.push('stop');
    return Promise.resolve();
  }

  /** Calls the handlers for all stored facts, with events that are recreated from them. */
  async dispatcher(): Promise<string[]> {
    const names: string[] = [];
    for (const { facts } of this.stored) {
      const event = readLalamoveEvent(facts);
      for (const handler of this.#handlersOf(event)) {
        names.push(handler.name);
        await handler.handle(event);
      }
    }
    return names;
  }
}

/** A handler that waits until the test releases it. */
@Injectable()
class Gated {
  readonly seen: string[] = [];
  readonly open: (() => void)[] = [];
  isOpen = true;

  @OnLalamoveEvent('ORDER_STATUS_CHANGED')
  async handle({ orderId }: OrderStatusChangedEvent): Promise<void> {
    this.seen.push(orderId);
    if (!this.isOpen) await new Promise<void>((resolve) => this.open.push(resolve));
  }
}

function moduleWith(inbox: LalamoveInbox): ModuleMetadata {
  @Module({})
  class InboxModule {
    constructor(inboxes: LalamoveInboxHost) {
      inboxes.inbox = inbox;
    }
  }
  return { imports: [InboxModule], providers: [Gated] };
}

describe.each(PLATFORMS)('the inbox of an app on %s', (platform) => {
  let host: WebhookHost;

  afterEach(async () => {
    jest.useRealTimers();
    await host.close();
  });

  const sendStatus = (orderId: string): Promise<number> => host.send('ORDER_STATUS_CHANGED', orderStatus(orderId));

  it('answers 503 if it is full, and accepts the same event when there is room', async () => {
    host = await WebhookHost.start(platform, moduleWith(new InMemoryLalamoveInbox({ holds: 2 })));
    const gated = host.app.get(Gated);
    gated.isOpen = false;
    const third = signWebhook({ secret: KEYS.apiSecret, path: PATH, data: orderStatus('3') }).body;
    expect([await sendStatus('1'), await sendStatus('2'), await host.post(third)]).toEqual([200, 200, 503]);
    expect(host.log.errors).toEqual([
      expect.stringMatching(
        /A webhook was refused \(code=LALAMOVE_WEBHOOK_NOT_TAKEN .*2 events are with their handlers/,
      ),
    ]);
    await until(() => gated.open.length === 2);
    for (const letGo of gated.open) letGo();
    await turn();
    gated.isOpen = true;
    expect([await host.post(third), await host.post(third)]).toEqual([200, 200]);
    await until(() => gated.seen.length === 3);
    expect(gated.seen).toEqual(['1', '2', '3']);
  });

  it('stores webhooks from a queue before the app has started, and dispatches them then', async () => {
    const seen: string[] = [];
    @Injectable()
    class Queue implements OnModuleInit {
      constructor(private readonly webhooks: LalamoveWebhooks) {}

      async onModuleInit(): Promise<void> {
        const { body } = signWebhook({ secret: KEYS.apiSecret, path: '/q', data: orderStatus('1') });
        for (const receipt of ['new', 'repeated']) {
          expect(await this.webhooks.handle(body, { path: '/q' })).toBe(receipt);
        }
        await turn();
        seen.push('initialised');
      }

      @OnLalamoveEvent('ORDER_STATUS_CHANGED')
      handle({ orderId }: OrderStatusChangedEvent): void {
        seen.push(orderId);
      }
    }
    host = await WebhookHost.start(platform, { providers: [Queue] });
    await until(() => seen.length === 2);
    expect(seen).toEqual(['initialised', '1']);
  });

  it('lets running handlers finish at shutdown, and accepts no more events', async () => {
    host = await WebhookHost.start(platform, { providers: [Gated] });
    const gated = host.app.get(Gated);
    gated.isOpen = false;
    await sendStatus('1');
    await until(() => gated.open.length === 1);
    const closing = host.close();
    // While the inbox waits, the server still answers.
    for (let turns = 0; turns < 20; turns += 1) await turn();
    expect(await sendStatus('2')).toBe(503);
    gated.open[0]?.();
    await closing;
    expect(gated.seen).toEqual(['1']);
    expect(host.log.warnings).toEqual([]);
  });

  describe('that a module brings', () => {
    const ANSWERS: [string, StoringInbox['answer']][] = [
      ['at once', () => 'new'],
      ['later', () => turn().then(() => 'new')],
      ['at once that it is a duplicate', () => 'repeated'],
      ['later that it is a duplicate', () => turn().then(() => 'repeated')],
    ];

    it.each(ANSWERS)('answers %s: the webhook gets 200, and the inbox calls the handlers', async (_, answer) => {
      const inbox = new StoringInbox();
      inbox.answer = answer;
      host = await WebhookHost.start(platform, moduleWith(inbox));
      expect(await sendStatus('1')).toBe(200);
      const { seen } = host.app.get(Gated);
      for (let turns = 0; turns < 5; turns += 1) await turn();
      expect(seen).toEqual([]);
      expect(await inbox.dispatcher()).toEqual(['Gated.handle']);
      expect(seen).toEqual(['1']);
      expect(host.log.errors).toEqual([]);
    });

    it('gets facts that can be stored as JSON, with the keys of the event', async () => {
      const inbox = new StoringInbox();
      host = await WebhookHost.start(platform, moduleWith(inbox));
      const eventId = 'E-1';
      const path = PATH;
      const { apiSecret: secret } = KEYS;
      const timestamp = Math.floor(Date.now() / 1000);
      const signed = { secret, path, eventId, timestamp, data: orderStatus('1') };
      const bodies = [
        signWebhook(signed),
        signWebhook({ ...signed, eventId: 'E-2' }),
        signWebhook({ ...signed, timestamp: timestamp - 1 }),
      ];
      for (const { body } of bodies) expect(await host.post(body)).toBe(200);
      const [first, replayed, signedAgain] = inbox.stored.map(({ keys }) => keys);
      expect(new Set([first, replayed, signedAgain].flat()).size).toBe(4);
      expect(replayed?.[0]).toBe(first?.[0]);
      expect(signedAgain?.[1]).toBe(first?.[1]);
      for (const { facts, event } of inbox.stored) {
        expect(JSON.parse(JSON.stringify(facts))).toEqual(facts);
        expect(readLalamoveEvent(facts)).toEqual(event);
        expect(JSON.stringify(facts)).not.toContain(secret);
      }
    });

    it('is started with the app and stopped with it', async () => {
      const inbox = new StoringInbox();
      host = await WebhookHost.start(platform, moduleWith(inbox));
      await sendStatus('1');
      await host.close();
      expect(inbox.course).toEqual(['start', 'accept', 'stop']);
      host = await WebhookHost.start(platform, {});
    });

    it.each<[string, StoringInbox['answer']]>([
      ['throws', () => failing()],
      ['rejects', () => Promise.reject(new Error('the disk is full'))],
    ])('and that %s causes a 503 and an error in the log', async (_, answer) => {
      const inbox = new StoringInbox();
      inbox.answer = answer;
      host = await WebhookHost.start(platform, moduleWith(inbox));
      expect(await sendStatus('1')).toBe(503);
      expect(host.log.errors).toEqual([
        expect.stringMatching(/code=LALAMOVE_WEBHOOK_NOT_TAKEN error=the disk is full\)$/),
      ]);
    });

    it('and that hangs causes a 503 after 10 seconds', async () => {
      const inbox = new StoringInbox();
      let answerLate: (kind: 'new') => void = () => undefined;
      inbox.answer = () => new Promise((resolve) => (answerLate = resolve));
      host = await WebhookHost.start(platform, moduleWith(inbox));
      jest.useFakeTimers({
        doNotFake: ['Date', 'hrtime', 'performance', 'nextTick', 'queueMicrotask', 'setImmediate', 'clearImmediate'],
      });
      let status: number | undefined;
      const sent = sendStatus('1').then((answered) => (status = answered));
      await until(() => inbox.stored.length === 1);
      jest.advanceTimersByTime(9999);
      for (let turns = 0; turns < 20; turns += 1) await turn();
      expect(status).toBeUndefined();
      jest.advanceTimersByTime(1);
      expect(await sent).toBe(503);
      expect(host.log.errors).toEqual([expect.stringMatching(/error=the inbox gave no answer within 10000 ms\)$/)]);
      answerLate('new');
      await turn();
      inbox.answer = () => 'repeated';
      expect(await sendStatus('1')).toBe(200);
      // One timer is left: that of the log that counts its lines for a minute.
      expect(jest.getTimerCount()).toBe(1);
    });
  });
});

function failing(): never {
  throw new Error('the disk is full');
}
