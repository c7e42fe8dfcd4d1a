import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { SandboxControl, SandboxLogEntry } from 'nestjs-lalamove/sandbox';
import { SandboxLog } from '../../src/sandbox/sandbox-log.js';
import { failureOf } from '../support/lalamove.js';
import { endOf, turn, Scene, firstOf, HK, CONTROLS } from './control-scene.js';

const scene = new Scene();

beforeEach(() => scene.start());

afterEach(() => scene.stop());

describe.each(CONTROLS)('SandboxControl, %s', (_, controlOf) => {
  let control: SandboxControl;

  beforeEach(() => {
    control = controlOf(scene.sandbox);
  });

  describe('a watcher', () => {
    let watching: number;

    /** Counts the followers of the log. */
    beforeEach(() => {
      watching = 0;
      const spied = jest.spyOn(SandboxLog.prototype, 'follow');
      const follow = spied.getMockImplementation();
      spied.mockImplementation(function (this: SandboxLog, follower) {
        watching += 1;
        const unsubscribe = follow?.call(this, follower);
        return () => {
          watching -= 1;
          unsubscribe?.();
        };
      });
    });

    afterEach(() => {
      jest.restoreAllMocks();
    });

    /** Resolves when nothing follows the log. A watcher over HTTP needs a moment to disconnect. */
    const nobodyIsLeft = async (): Promise<void> => {
      while (watching > 0) await turn();
      expect(watching).toBe(0);
    };

    const say = (balance: number): Promise<unknown> => scene.sandbox.control.setBalance(HK, String(balance));

    it('receives new lines live, and no earlier ones', async () => {
      await say(1);
      const ends = new AbortController();
      const lines = control.watch({ signal: ends.signal })[Symbol.asyncIterator]();
      const state = { isReceived: false };
      const first = lines.next().finally(() => (state.isReceived = true));
      // Over HTTP it takes a moment until the watcher is connected.
      for (let balance = 2; !state.isReceived; balance += 1) {
        await say(balance);
        await turn();
      }
      const { value } = (await first) as { value: SandboxLogEntry };
      const all = await scene.sandbox.control.log();
      expect(value.seq).toBeGreaterThan(2);
      expect(all).toContainEqual(value);
      expect(await lines.next()).toEqual({ done: false, value: all.find(({ seq }) => seq === value.seq + 1) });
      ends.abort();
      for (;;) if ((await lines.next()).done) break;
      await nobodyIsLeft();
    });

    it('receives every line after `since` once, both earlier and new ones', async () => {
      await say(1);
      await say(2);
      const all = (): Promise<SandboxLogEntry[]> => scene.sandbox.control.log();
      const [first] = await all();
      const lines = control.watch({ since: first?.seq ?? 0 })[Symbol.asyncIterator]();
      const received: unknown[] = [];
      for (let balance = 3; balance < 8; balance += 1) {
        for (let line = 0; line < 2; line += 1) received.push((await lines.next()).value);
        await say(balance);
      }
      expect(received).toEqual((await all()).slice(1, 11));
      await lines.return?.();
      await nobodyIsLeft();
    });

    it('ends by its signal while it waits', async () => {
      await say(1);
      const ends = new AbortController();
      const received: number[] = [];
      const over = (async () => {
        for await (const { seq } of control.watch({ since: 0, signal: ends.signal })) received.push(seq);
      })();
      while (received.length < 2) await turn();
      ends.abort();
      await over;
      await say(2);
      expect(received).toEqual([1, 2]);
      await nobodyIsLeft();
    });

    it('ends by its signal before the first line', async () => {
      const ends = new AbortController();
      const over = firstOf(control.watch({ signal: ends.signal }), 1);
      ends.abort();
      expect(await over).toEqual([]);
      await nobodyIsLeft();
    });

    it('does not start if its signal is already aborted', async () => {
      await say(1);
      expect(await firstOf(control.watch({ since: 0, signal: AbortSignal.abort() }), 1)).toEqual([]);
      await nobodyIsLeft();
    });

    it('ends by its signal between two lines: pending lines are not returned', async () => {
      for (let balance = 1; balance < 6; balance += 1) await say(balance);
      const ends = new AbortController();
      const received: number[] = [];
      for await (const { seq } of control.watch({ since: 0, signal: ends.signal })) {
        received.push(seq);
        if (seq === 2) ends.abort();
      }
      expect(received).toEqual([1, 2]);
      await nobodyIsLeft();
    });

    it('is removed when its loop ends', async () => {
      await say(1);
      await firstOf(control.watch({ since: 0 }), 1);
      await nobodyIsLeft();
      const failing = (async () => {
        for await (const { seq } of control.watch({ since: 0 })) throw new Error(`no more than ${seq}`);
      })();
      expect(await failureOf(failing)).toMatchObject({ message: 'no more than 1' });
      await nobodyIsLeft();
    });

    it('receives the same lines as all other watchers', async () => {
      const ends = new AbortController();
      const watchers = Array.from({ length: 5 }, () => firstOf(control.watch({ since: 0, signal: ends.signal }), 6));
      for (let balance = 1; balance < 4; balance += 1) await say(balance);
      const all = (await scene.sandbox.control.log()).slice(0, 6);
      expect(await Promise.all(watchers)).toEqual([all, all, all, all, all]);
      await nobodyIsLeft();
    });

    it('does not wait forever when the sandbox stops or has stopped', async () => {
      await say(1);
      const lines = control.watch({ since: 0 })[Symbol.asyncIterator]();
      await lines.next();
      await lines.next();
      const waiting = endOf(lines.next());
      await scene.sandbox.stop();
      const state = { isOver: false };
      const over = Promise.all([waiting, endOf(firstOf(control.watch(), 1))]);
      void over.then(() => (state.isOver = true));
      for (let turns = 0; turns < 1000 && !state.isOver; turns += 1) await turn();
      expect(state.isOver).toBe(true);
    });
  });
});
