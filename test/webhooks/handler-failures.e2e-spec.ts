import { expect, it, jest } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { InMemoryLalamoveInbox, LalamoveInboxHost, OnLalamoveEvent, type LalamoveEvent } from 'nestjs-lalamove';
import { orderStatus } from './event-host.js';
import { Broken, describeHandlers, journal, Torn, WALLET } from './handler-host.js';

describeHandlers('handlers that fail', (host) => {
  /** Handlers that fail in different ways; if `mends` is true, the next attempt succeeds. */
  @Injectable()
  class Wrong {
    mends = false;

    @OnLalamoveEvent('ORDER_STATUS_CHANGED')
    throws(): void {
      journal.add('throws');
      if (!this.mends) throw new Broken('thrown');
    }

    @OnLalamoveEvent('ORDER_STATUS_CHANGED')
    rejects(): Promise<void> {
      journal.add('rejects');
      return this.mends ? Promise.resolve() : Promise.reject(new Torn('rejected'));
    }

    @OnLalamoveEvent('WALLET_BALANCE_CHANGED')
    hangs(): Promise<never> {
      journal.add('hangs');
      return new Promise(() => undefined);
    }

    @OnLalamoveEvent('*')
    fine({ eventType }: LalamoveEvent): void {
      journal.add(`fine ${eventType}`);
    }
  }

  function fakeTimers(): void {
    jest.useFakeTimers({
      doNotFake: ['Date', 'hrtime', 'performance', 'nextTick', 'queueMicrotask', 'setImmediate', 'clearImmediate'],
    });
  }

  it('are logged with event and handler, are retried at the delays of the inbox, and affect no others', async () => {
    await host.start({ providers: [Wrong] });
    fakeTimers();
    const eventId = 'B35F478A-2136-4566-9430-C419C2A8762F';
    expect(await host.send('ORDER_STATUS_CHANGED', orderStatus('1'), { eventId })).toBe(200);
    expect(await host.lines(3)).toEqual(['throws', 'rejects', 'fine ORDER_STATUS_CHANGED']);
    const [first, second] = host.log.errors;
    const event = `event=ORDER_STATUS_CHANGED id=${eventId} fingerprint=[\\w-]{43}`;
    expect(first).toMatch(new RegExp(`^A handler failed \\(handler=Wrong.throws ${event} error=thrown\\)$`));
    expect(second).toMatch(new RegExp(`^A handler failed \\(handler=Wrong.rejects ${event} error=rejected\\)$`));
    for (const delay of [1000, 10_000]) {
      journal.clear();
      await jest.advanceTimersByTimeAsync(delay - 1);
      expect(await host.lines(0)).toEqual([]);
      await jest.advanceTimersByTimeAsync(1);
      expect(await host.lines(2)).toEqual(['throws', 'rejects']);
    }
    host.app.get(Wrong).mends = true;
    journal.clear();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(await host.lines(2)).toEqual(['throws', 'rejects']);
    await jest.advanceTimersByTimeAsync(3_600_000);
    expect(await host.lines(2)).toHaveLength(2);
    expect(host.log.errors).toHaveLength(6);
  });

  it('set the event aside after the last retry, with one line for each handler', async () => {
    await host.start({ providers: [Wrong] });
    fakeTimers();
    await host.send('ORDER_STATUS_CHANGED', orderStatus('1'), { eventId: 'E-1' });
    await host.lines(3);
    for (const delay of [1000, 10_000, 60_000, 600_000, 3_600_000]) {
      await jest.advanceTimersByTimeAsync(delay);
      await host.lines(0);
    }
    const aside = host.log.errors.filter((line) => line.startsWith('An event is set aside'));
    expect(aside.sort()).toEqual(
      ['rejects', 'throws'].map((name) =>
        expect.stringMatching(
          new RegExp(`event=ORDER_STATUS_CHANGED id=E-1 fingerprint=[\\w-]{43} handler=Wrong.${name} tries=5\\)$`),
        ),
      ),
    );
    expect(journal.lines.filter((line) => line === 'throws')).toHaveLength(5);
    expect(journal.lines.filter((line) => line.startsWith('fine'))).toHaveLength(1);
    // A duplicate is still recognised.
    await host.send('ORDER_STATUS_CHANGED', orderStatus('1'), { eventId: 'E-1' });
    expect((await host.lines(0)).filter((line) => line === 'throws')).toHaveLength(5);
  });

  it('do not delay other handlers if one hangs', async () => {
    await host.start({ providers: [Wrong] }, (app) => {
      app.get(LalamoveInboxHost).inbox = new InMemoryLalamoveInbox({ shutdownMs: 1 });
    });
    expect(await host.send('WALLET_BALANCE_CHANGED', WALLET)).toBe(200);
    expect(await host.lines(2)).toEqual(['hangs', 'fine WALLET_BALANCE_CHANGED']);
    expect(await host.send('UNHEARD', WALLET)).toBe(200);
    expect((await host.lines(3))[2]).toBe('fine UNKNOWN');
  });

  it('are retried even if the logger throws', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): unknown => unhandled.push(error);
    process.on('unhandledRejection', note);
    await host.start({ providers: [Wrong] });
    fakeTimers();
    host.app.useLogger({
      ...host.log,
      log: () => undefined,
      warn: () => undefined,
      error: () => {
        throw new Broken('the log is full');
      },
    });
    await host.send('ORDER_STATUS_CHANGED', orderStatus('1'));
    await host.lines(3);
    for (const delay of [1000, 10_000, 60_000, 600_000]) {
      await jest.advanceTimersByTimeAsync(delay);
      await host.lines(0);
    }
    expect(journal.lines.filter((line) => line === 'throws')).toHaveLength(5);
    expect(await host.post('[')).toBe(400);
    host.app.useLogger(host.log);
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});
