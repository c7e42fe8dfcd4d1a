import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { factsOf } from '../../../test/webhooks/event-samples.js';
import { turn, until } from '../../../test/support/until.js';
import { readLalamoveEvent, type LalamoveEvent } from '../events/lalamove-event.js';
import { InMemoryLalamoveInbox } from './in-memory-inbox.js';
import type { InMemoryLalamoveInboxOptions } from './in-memory-inbox.options.js';
import type { LalamoveEventHandler, LalamoveInboxEntry } from './lalamove-inbox.js';

function entryOf(...keys: readonly [string, ...string[]]): LalamoveInboxEntry {
  const facts = factsOf('NEWER', {}, { fingerprint: keys[0] });
  return { keys, facts, event: readLalamoveEvent(facts) };
}

/** A handler that records its calls. */
class Noting implements LalamoveEventHandler {
  readonly name = 'Noting.handle';
  readonly seen: string[] = [];

  constructor(private readonly then: (event: LalamoveEvent) => Promise<void> = () => Promise.resolve()) {}

  handle(event: LalamoveEvent): Promise<void> {
    this.seen.push(event.fingerprint);
    return this.then(event);
  }
}

describe('InMemoryLalamoveInbox', () => {
  let warnings: unknown[];
  let errors: unknown[];

  beforeEach(() => {
    warnings = [];
    errors = [];
    Logger.overrideLogger({
      log: () => undefined,
      warn: (line: unknown) => warnings.push(line),
      error: (line: unknown) => errors.push(line),
    });
  });

  afterEach(() => {
    jest.useRealTimers();
    Logger.overrideLogger(false);
  });

  function started(handlers: LalamoveEventHandler[], options?: InMemoryLalamoveInboxOptions): InMemoryLalamoveInbox {
    const inbox = new InMemoryLalamoveInbox(options);
    inbox.start(() => handlers);
    return inbox;
  }

  it('treats a handler that times out as failed, sets its event aside, and warns once', async () => {
    const hanging = new Noting(() => new Promise(() => undefined));
    const inbox = started([hanging], { handlerTimeoutMs: 5, retryDelaysMs: [1], holds: 2 });
    inbox.accept(entryOf('1'));
    inbox.accept(entryOf('2'));
    expect(() => inbox.accept(entryOf('3'))).toThrow('Check whether the handlers hang.');
    await until(() => errors.length === 2);
    expect(hanging.seen).toEqual(['1', '2', '1', '2']);
    expect(warnings).toEqual([expect.stringContaining('handler=Noting.handle timeout_seconds=0.005')]);
    // The event no longer counts against the limit.
    expect(inbox.accept(entryOf('3'))).toBe('new');
  });

  it('recognises a duplicate by any of its keys, and stores its other keys', async () => {
    const handler = new Noting();
    const inbox = started([handler]);
    const answers = [
      entryOf('signature 1', 'id A'),
      entryOf('signature 1', 'id B'),
      // Signed again, and then replayed under another id.
      entryOf('signature 2', 'id A'),
      entryOf('signature 2', 'id C'),
      entryOf('signature 3', 'id C'),
      entryOf('signature 4', 'id D'),
      entryOf('signature 2'),
    ].map((entry) => inbox.accept(entry));
    expect(answers).toEqual(['new', 'repeated', 'repeated', 'repeated', 'repeated', 'new', 'repeated']);
    await turn();
    expect(handler.seen).toEqual(['signature 1', 'signature 4']);
  });

  it('dispatches each event once, for any number of duplicates in any order', async () => {
    const law = fc.asyncProperty(fc.array(fc.nat(9), { maxLength: 40 }), async (numbers) => {
      const handler = new Noting();
      const inbox = started([handler]);
      for (const number of numbers) inbox.accept(entryOf(`signature ${number}`, `id ${number}`));
      await turn();
      expect(handler.seen).toEqual([...new Set(numbers)].map((number) => `signature ${number}`));
      await inbox.stop();
    });
    await fc.assert(law, { numRuns: 50 });
    expect(warnings).toEqual([]);
  });

  it('forgets the oldest events', () => {
    const inbox = started([], { remembers: 3 });
    const come = (number: number): string => inbox.accept(entryOf(`signature ${number}`, `id ${number}`));
    expect([1, 2, 3, 4].map(come)).toEqual(['new', 'new', 'new', 'new']);
    expect([2, 3, 4].map(come)).toEqual(['repeated', 'repeated', 'repeated']);
    expect(come(1)).toBe('new');
    expect(come(2)).toBe('new');
  });

  it('accepts events up to its limit, and more when some are done', async () => {
    const open: (() => void)[] = [];
    const inbox = started([new Noting(() => new Promise((resolve) => open.push(resolve)))], { holds: 2 });
    inbox.accept(entryOf('1'));
    inbox.accept(entryOf('2'));
    expect(() => inbox.accept(entryOf('3'))).toThrow(/^The inbox is full: 2 events are with their handlers/);
    expect(inbox.accept(entryOf('2'))).toBe('repeated');
    await until(() => open.length === 2);
    open[0]?.();
    await turn();
    // It was refused, so its keys are not stored.
    expect(inbox.accept(entryOf('3'))).toBe('new');
    expect(() => inbox.accept(entryOf('4'))).toThrow(/^The inbox is full: 2 events/);
    open[1]?.();
    await until(() => open.length === 3);
    open[2]?.();
    await inbox.stop();
    expect(warnings).toEqual([]);
  });

  it('holds an event until the last of its handlers is done', async () => {
    const open: (() => void)[] = [];
    const slow = new Noting(() => new Promise((resolve) => open.push(resolve)));
    const inbox = started([slow, new Noting(), slow], { holds: 1 });
    inbox.accept(entryOf('1'));
    await until(() => open.length === 2);
    open[0]?.();
    await turn();
    expect(() => inbox.accept(entryOf('2'))).toThrow(/^The inbox is full: 1 events/);
    open[1]?.();
    await turn();
    expect(inbox.accept(entryOf('2'))).toBe('new');
  });

  it('does not hold events without a handler', () => {
    const inbox = started([], { holds: 1 });
    expect(['1', '2', '3'].map((key) => inbox.accept(entryOf(key)))).toEqual(['new', 'new', 'new']);
  });

  it('dispatches at its start the events accepted before, up to its limit', async () => {
    const inbox = new InMemoryLalamoveInbox({ holds: 2 });
    expect(['1', '2', '1'].map((key) => inbox.accept(entryOf(key)))).toEqual(['new', 'new', 'repeated']);
    expect(() => inbox.accept(entryOf('3'))).toThrow(/^The inbox is full: 2 events/);
    const handler = new Noting();
    inbox.start(() => [handler]);
    expect(handler.seen).toEqual([]);
    await turn();
    expect(handler.seen).toEqual(['1', '2']);
    expect(inbox.accept(entryOf('3'))).toBe('new');
  });

  it('calls handlers only after the webhook was answered', async () => {
    const handler = new Noting();
    const inbox = started([handler]);
    inbox.accept(entryOf('1'));
    for (let turns = 0; turns < 50; turns += 1) await Promise.resolve();
    expect(handler.seen).toEqual([]);
    await turn();
    expect(handler.seen).toEqual(['1']);
  });

  describe('when it stops', () => {
    it('waits for handlers that run, and for those that are about to run', async () => {
      let ended = 0;
      const slow = new Noting(async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        ended += 1;
      });
      const inbox = started([slow, slow]);
      inbox.accept(entryOf('1'));
      await turn();
      inbox.accept(entryOf('2'));
      await inbox.stop();
      expect(ended).toBe(4);
      expect(warnings).toEqual([]);
    });

    it('waits only for shutdownMs', async () => {
      const inbox = started([new Noting(() => new Promise(() => undefined))], { shutdownMs: 5 });
      inbox.accept(entryOf('1'));
      inbox.accept(entryOf('2'));
      await inbox.stop();
      expect(warnings).toEqual(['Unhandled events were lost at shutdown (events=2)']);
    });

    it('logs how many events wait for a retry, and does not retry them', async () => {
      jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance'] });
      const failing = new Noting(() => Promise.reject(new Error('no')));
      const inbox = started([failing, failing, new Noting()]);
      inbox.accept(entryOf('1'));
      await turn();
      expect(jest.getTimerCount()).toBe(2);
      await inbox.stop();
      expect(jest.getTimerCount()).toBe(0);
      expect(warnings).toEqual(['Unhandled events were lost at shutdown (events=1)']);
    });

    it('plans no retry of a handler that fails meanwhile', async () => {
      const inbox = started([
        new Noting(async () => {
          await turn();
          throw new Error('no');
        }),
      ]);
      inbox.accept(entryOf('1'));
      await inbox.stop();
      expect(warnings).toEqual(['Unhandled events were lost at shutdown (events=1)']);
    });

    it('accepts no more events, and logs those that were never dispatched', async () => {
      const inbox = new InMemoryLalamoveInbox();
      inbox.accept(entryOf('1'));
      await inbox.stop();
      expect(() => inbox.accept(entryOf('2'))).toThrow('The app is shutting down.');
      expect(warnings).toEqual(['Unhandled events were lost at shutdown (events=1)']);
    });
  });

  it('retries only the handler that failed, at the given delays', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance'] });
    let left = 2;
    const failing = new Noting(() => (left-- > 0 ? Promise.reject(new Error('no')) : Promise.resolve()));
    const fine = new Noting();
    const inbox = started([failing, fine], { retryDelaysMs: [50, 7], holds: 1 });
    inbox.accept(entryOf('1'));
    await turn();
    await jest.advanceTimersByTimeAsync(49);
    expect(failing.seen).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(failing.seen).toHaveLength(2);
    expect(() => inbox.accept(entryOf('2'))).toThrow(/^The inbox is full: 1 events/);
    await jest.advanceTimersByTimeAsync(7);
    expect([failing.seen.length, fine.seen.length]).toEqual([3, 1]);
    expect(inbox.accept(entryOf('2'))).toBe('new');
    expect(errors).toEqual([]);
  });

  it('does not grow in memory over 50,000 events', async () => {
    const handler: LalamoveEventHandler = { name: 'Done.handle', handle: () => Promise.resolve() };
    const inbox = started([handler], { remembers: 1000 });
    const heapAfter = async (first: number, last: number): Promise<number> => {
      for (let number = first; number < last; number += 1) {
        inbox.accept(entryOf(`signature ${number}`, `id ${number}`));
        if (number % 500 === 0) await turn();
      }
      await turn();
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    const before = await heapAfter(0, 10_000);
    expect((await heapAfter(10_000, 50_000)) - before).toBeLessThan(1e6);
    expect([49_999, 49_000, 48_999].map((number) => inbox.accept(entryOf(`signature ${number}`)))).toEqual([
      'repeated',
      'repeated',
      'new',
    ]);
  }, 30_000);

  it('does not keep the process alive for a pending retry', async () => {
    const planned = jest.spyOn(globalThis, 'setTimeout');
    const inbox = started([new Noting(() => Promise.reject(new Error('no')))]);
    inbox.accept(entryOf('1'));
    await turn();
    const kept = planned.mock.results.filter(({ type, value }) => type !== 'return' || value.hasRef());
    expect([planned.mock.results.length > 0, kept]).toEqual([true, []]);
    planned.mockRestore();
    await inbox.stop();
  });
});

/** Runs the garbage collector, so that the size of the heap is meaningful. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') throw new TypeError('There is no garbage collector.');
  Reflect.apply(collect, undefined, []);
}
