import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  InMemoryLalamoveInbox,
  LalamoveInboxHost,
  LalamoveModule,
  LalamoveWebhooks,
  OnLalamoveEvent,
  signWebhook,
  type LalamoveHooks,
  type LalamoveModuleOptions,
  type LalamoveRateLimitStore,
  type LalamoveService,
} from 'nestjs-lalamove';
import { ORDER } from '../support/inputs.js';
import { failureOf, KEYS, startLalamove } from '../support/lalamove.js';
import { ManualClock } from '../support/manual-clock.js';
import { http, RawServer, type RawHandler } from '../support/raw-server.js';
import { turn, until } from '../support/until.js';

/** What a host stores about the request that it handles. */
const user = new AsyncLocalStorage<string>();

const USERS = ['u1', 'u2', 'u3', 'u4', 'u5'];

const ANSWER = http(201, '{"data":{"orderId":"1"}}');

/** The async context in which each hook was called; the id of each call is the name of its user. */
class Notes {
  readonly told: string[] = [];

  readonly hooks: LalamoveHooks = {
    onRequest: ({ sentRequestId, attempt }) => {
      this.note(`request ${attempt} of ${sentRequestId}`);
    },
    onResponse: ({ sentRequestId, attempt }) => {
      this.note(`response ${attempt} of ${sentRequestId}`);
    },
    onRetry: ({ error }) => {
      this.note(`retry of ${error.sentRequestId}`);
    },
  };

  note(what: string): void {
    this.told.push(`${what} in ${user.getStore()}`);
  }
}

describe('a call runs in its caller’s async context', () => {
  let server: RawServer;
  let close: () => Promise<void> = () => Promise.resolve();
  let notes: Notes;

  afterEach(async () => {
    await close();
    await server.stop();
  });

  async function start(handle: RawHandler, options: Partial<LalamoveModuleOptions>): Promise<LalamoveService> {
    notes = new Notes();
    server = await RawServer.start(handle);
    const started = await startLalamove({ ...KEYS, baseUrl: server.url, hooks: notes.hooks, ...options });
    close = started.close;
    return started.lalamove;
  }

  const asUser = <T>(name: string, work: () => T): T => user.run(name, work);
  const place = (lalamove: LalamoveService, name: string, signal?: AbortSignal): Promise<unknown> =>
    asUser(name, () => lalamove.placeOrder(ORDER, { requestId: name, ...(signal && { signal }) }));
  const answer: RawHandler = (socket) => socket.write(ANSWER);

  const ofAll = (what: string): string[] => USERS.map((name) => `${what} of ${name} in ${name}`);

  it('if it waited for the rate limit', async () => {
    const lalamove = await start(answer, { rateLimit: { ordersPerSecond: 50 } });
    await Promise.all(USERS.map((name) => place(lalamove, name)));
    expect(notes.told.filter((line) => line.startsWith('request'))).toEqual(ofAll('request 1'));
    // Calls have connections of their own, so a busy machine may read a later answer first.
    const responses = notes.told.filter((line) => line.startsWith('response')).sort();
    expect(responses).toEqual(ofAll('response 1'));
  });

  it('if a store of the host gives it a slot', async () => {
    const asked: (string | undefined)[] = [];
    const store: LalamoveRateLimitStore = {
      take: async () => {
        asked.push(user.getStore());
        await turn();
        return 0;
      },
      raise: () => undefined,
    };
    const lalamove = await start(answer, { rateLimit: { store } });
    await Promise.all(USERS.map((name) => place(lalamove, name)));
    expect(asked).toEqual(USERS);
    expect(notes.told.filter((line) => line.startsWith('request'))).toEqual(ofAll('request 1'));
  });

  it('if it is rejected or aborted while it waits', async () => {
    const logger = {
      log: () => undefined,
      warn: () => undefined,
      error: () => undefined,
      debug: (line: unknown) => {
        const [call = ''] = String(line).split(':');
        notes.note(call);
      },
    };
    const lalamove = await start(answer, { rateLimit: { ordersPerSecond: 1 }, deadlineMs: 400, logger });
    const giveUp = new AbortController();
    const calls = ['u1', 'u2', 'u3'].map((name) => failureOf(place(lalamove, name, giveUp.signal)).catch(String));
    asUser('who aborts', () => {
      giveUp.abort();
    });
    await Promise.all(calls);
    expect(notes.told.filter((line) => line.includes('failed')).map((line) => line.split(' in ').at(-1))).toEqual([
      'u2',
      'u3',
      'u1',
    ]);
  });

  it('if it is retried, with any clock', async () => {
    const clock = new ManualClock();
    const lalamove = await start(
      (socket) => socket.write(server.requests.length <= 2 ? http(500, '{}') : http(200, '{"data":{"orderId":"1"}}')),
      { clock, retry: { maxAttempts: 2 } },
    );
    const calls = ['u1', 'u2'].map((name) => asUser(name, () => lalamove.getOrder('1', { requestId: name })));
    await until(() => clock.waiting === 2);
    asUser('the clock', () => {
      clock.advance(10_000);
    });
    await Promise.all(calls);
    const repeated = notes.told.filter((line) => line.includes(' 2 ')).sort();
    expect(repeated).toEqual([
      'request 2 of u1 in u1',
      'request 2 of u2 in u2',
      'response 2 of u1 in u1',
      'response 2 of u2 in u2',
    ]);
  });

  it('if another call aborts it after it was sent', async () => {
    const lalamove = await start(() => undefined, {});
    const giveUp = new AbortController();
    const failing = failureOf(place(lalamove, 'u1', giveUp.signal));
    await until(() => server.requests.length === 1);
    asUser('who aborts', () => {
      giveUp.abort();
    });
    expect(await failing).toMatchObject({ code: 'LALAMOVE_OUTCOME_UNKNOWN' });
    expect(notes.told.at(-1)).toBe('response 1 of u1 in u1');
  });
});

describe('an event handler runs outside the async context of every request', () => {
  const seen: string[] = [];

  @Injectable()
  class Handlers {
    @OnLalamoveEvent('*')
    first(): void {
      seen.push(`first in ${user.getStore()}`);
      user.enterWith('the first handler');
      if (seen.filter((line) => line.startsWith('first')).length === 1) throw new Error('once more');
    }

    @OnLalamoveEvent('*')
    async second(): Promise<void> {
      await turn();
      seen.push(`second in ${user.getStore()}`);
    }
  }

  @Module({})
  class InboxModule {
    constructor(inboxes: LalamoveInboxHost) {
      inboxes.inbox = new InMemoryLalamoveInbox({ retryDelaysMs: [10] });
    }
  }

  it('and outside that of other handlers; the account lookup has no context either', async () => {
    const asked: (string | undefined)[] = [];
    const resolveAccount = (apiKey: string): { secrets: string; account: string } => {
      asked.push(user.getStore());
      return { secrets: 'sk_test_merchant', account: apiKey };
    };
    const webhook = { resolveAccount };
    const module = await Test.createTestingModule({
      imports: [LalamoveModule.forRoot({ ...KEYS, webhook }), InboxModule],
      providers: [Handlers],
    }).compile();
    module.useLogger(false);
    const app = await module.createNestApplication().init();
    const [apiKey, secret] = ['pk_test_merchant', 'sk_test_merchant'];
    const { body } = signWebhook({ secret, apiKey, path: '/hooks', data: {} });
    await user.run('the webhook', () => app.get(LalamoveWebhooks).handle(body, { path: '/hooks' }));
    await until(() => seen.length === 3);
    await app.close();
    expect(asked).toEqual([undefined]);
    expect(seen.sort()).toEqual(['first in undefined', 'first in undefined', 'second in undefined']);
  });
});
