import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Kysely } from 'kysely';
import { deliveriesOn } from '../../../test/deliveries/deliveries-on.js';
import { openTestedDatabase, type TestedDatabase } from '../../../test/deliveries/tested-storage.js';
import { recordNamed } from '../../../test/deliveries/delivery-rows.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { until } from '../../../test/support/until.js';
import type { DeliveryEvent, NewDeliveryEvent } from '../events/delivery-event.js';
import type { DeliveriesSchema } from '../storage/sql/deliveries-schema.js';
import type { DeliveryTransactions } from './delivery-transactions.js';
import type { NamedHandler } from './event-dispatch.js';
import { OutboxDispatcher } from './outbox-dispatcher.js';
import { WebhookHandlers } from './webhook-handlers.js';

describe('OutboxDispatcher', () => {
  let db: Kysely<DeliveriesSchema>;
  let clock: ManualClock;
  let database: TestedDatabase;
  let deliveries: DeliveryTransactions;
  let dispatcher: OutboxDispatcher;
  let handlers: NamedHandler<DeliveryEvent>[];
  let seen: string[];
  let errors: string[];
  let warnings: string[];
  let timeoutMs: number;

  beforeEach(async () => {
    clock = new ManualClock();
    database = await openTestedDatabase(() => clock.now());
    db = database.db;
    seen = [];
    errors = [];
    warnings = [];
    timeoutMs = 60_000;
    handlers = [handler('noting')];
    Logger.overrideLogger({
      log: () => undefined,
      warn: (line: string) => warnings.push(line),
      error: (line: string) => errors.push(line),
    });
    renew();
  });

  afterEach(async () => {
    await dispatcher.stop(10);
    await database.close();
    Logger.overrideLogger(false);
  });

  /** Creates the dispatcher again, as a restart does. */
  function renew(
    onStep?: () => void,
    handlersOf: (event: DeliveryEvent) => readonly NamedHandler<DeliveryEvent>[] = () => handlers,
  ): void {
    deliveries = deliveriesOn(database, () => clock.now());
    dispatcher = new OutboxDispatcher({
      ...{ storage: deliveries.storage, webhooks: new WebhookHandlers(), handlersOf },
      ...{ hooks: onStep ? { onStep } : {}, clock, timeoutMs },
    });
    dispatcher.start();
  }

  function handler(
    name: string,
    work: (event: DeliveryEvent) => Promise<void> = () => Promise.resolve(),
  ): NamedHandler<DeliveryEvent> {
    return {
      name,
      handle: async (event) => {
        seen.push(`${name} ${event.reference} ${event.type}`);
        await work(event);
      },
    };
  }

  async function happen(reference: string, ...types: ('requested' | 'cancel_requested')[]): Promise<void> {
    const events = types.map((type): NewDeliveryEvent => (type === 'requested' ? { type } : { type, by: undefined }));
    await deliveries.transact((trx) => trx.insert(recordNamed(reference, clock.now()), events));
    dispatcher.wake();
  }

  async function rows(): Promise<{ dispatch: string; tries: number; error: string | null; handled_by: string }[]> {
    return db
      .selectFrom('delivery_events')
      .select(['dispatch', 'tries', 'error', 'handled_by'])
      .orderBy('id')
      .execute();
  }

  it('dispatches each event of a delivery once and in order', async () => {
    await happen('A', 'requested', 'cancel_requested', 'requested');
    await happen('B', 'requested');
    await dispatcher.idle();
    expect(seen.filter((line) => line.includes(' A '))).toEqual([
      'noting A requested',
      'noting A cancel_requested',
      'noting A requested',
    ]);
    expect(seen).toHaveLength(4);
    dispatcher.wake();
    await dispatcher.idle();
    expect(seen).toHaveLength(4);
  });

  it('delays only the delivery of the event if a handler hangs', async () => {
    let end: () => void = () => undefined;
    handlers = [
      handler('slow', ({ reference }) =>
        reference === 'A' ? new Promise((resolve) => (end = resolve)) : Promise.resolve(),
      ),
    ];
    await happen('A', 'requested', 'cancel_requested');
    await until(() => seen.length === 1);
    for (let count = 0; count < 40; count += 1) await happen(`B-${count}`, 'requested', 'cancel_requested');
    await until(() => seen.length === 81);
    expect(seen.filter((line) => line.includes(' A '))).toEqual(['slow A requested']);
    end();
    await until(() => seen.length === 82);
    expect(seen.at(-1)).toBe('slow A cancel_requested');
  });

  /** Waits for work that takes real time, for at most 5 seconds. */
  async function soon(holds: () => boolean): Promise<void> {
    await until(holds, 5000);
    expect(holds()).toBe(true);
  }

  it('dispatches to other handlers while 1 000 events wait for a handler that hangs', async () => {
    const wanted: Record<string, NamedHandler<DeliveryEvent>[]> = {
      requested: [handler('hanging', () => new Promise(() => undefined))],
      cancel_requested: [handler('noting')],
    };
    await dispatcher.stop(0);
    renew(undefined, ({ type }) => wanted[type] ?? []);
    await Promise.all(Array.from({ length: 1000 }, (_, index) => happen(`H-${index}`, 'requested')));
    await soon(() => seen.length === 32);
    await happen('A', 'cancel_requested');
    await soon(() => seen.includes('noting A cancel_requested'));
    expect(seen.filter((line) => line.startsWith('hanging'))).toHaveLength(32);
    // From now on nothing blocks the other handler.
    const begun = performance.now();
    await happen('B', 'cancel_requested');
    await soon(() => seen.includes('noting B cancel_requested'));
    expect(performance.now() - begun).toBeLessThan(1000);
    await dispatcher.stop(0);
  });

  it('counts a handler that times out as failed, frees its slot, and logs that once', async () => {
    timeoutMs = 30;
    await dispatcher.stop(0);
    let isHealthy = false;
    handlers = [handler('hanging', () => (isHealthy ? Promise.resolve() : new Promise(() => undefined)))];
    renew();
    await Promise.all(Array.from({ length: 50 }, (_, index) => happen(`H-${index}`, 'requested')));
    await soon(() => seen.length > 34);
    expect(warnings).toEqual([expect.stringContaining('handler=hanging timeout_seconds=0.03')]);
    const failed = (await rows()).filter(({ tries }) => tries === 1);
    expect(failed.length).toBeGreaterThan(31);
    expect(failed[0]).toMatchObject({ dispatch: 'pending', error: expect.stringContaining('no answer within 30 ms') });
    isHealthy = true;
    await soon(() => seen.length === 50);
    for (let count = 0; count < 3; count += 1) {
      clock.advance(2000);
      await dispatcher.idle();
    }
    expect((await rows()).filter(({ dispatch: state }) => state !== 'done')).toEqual([]);
    expect(warnings).toHaveLength(1);
  });

  it('sets an event aside if its handler always times out, and goes on', async () => {
    timeoutMs = 5;
    await dispatcher.stop(0);
    handlers = [
      handler('hanging', ({ type }) => (type === 'requested' ? new Promise(() => undefined) : Promise.resolve())),
    ];
    renew();
    await happen('A', 'requested', 'cancel_requested');
    for (let count = 0; count < 10; count += 1) {
      await dispatcher.idle();
      clock.advance(600_000);
    }
    await dispatcher.idle();
    expect(await rows()).toMatchObject([{ dispatch: 'set_aside', tries: 10 }, { dispatch: 'done' }]);
    expect(warnings).toHaveLength(1);
  });

  it('calls each handler once for an event, even if one had no free slot at first', async () => {
    const ends: (() => void)[] = [];
    handlers = [handler('noting'), handler('slow', () => new Promise((resolve) => ends.push(resolve)))];
    await Promise.all(Array.from({ length: 80 }, (_, index) => happen(`H-${index}`, 'requested')));
    await soon(() => seen.filter((line) => line.startsWith('noting')).length === 80);
    expect(ends).toHaveLength(32);
    expect(ends).toHaveLength(32);
    for (let count = 0; count < 80; count += 1) {
      await soon(() => ends.length > 0);
      ends.shift()?.();
    }
    await dispatcher.idle();
    expect(seen).toHaveLength(160);
    expect(new Set(seen).size).toBe(160);
    expect((await rows()).filter(({ dispatch: state }) => state !== 'done')).toEqual([]);
  });

  it('clears after a restart for which handlers events waited, because handlers may be renamed', async () => {
    await dispatcher.stop(0);
    await happen('A', 'requested');
    await db.updateTable('delivery_events').set({ blocked_on: 'Gone.on' }).execute();
    renew();
    await dispatcher.idle();
    expect(seen).toEqual(['noting A requested']);
  });

  it('retries only the handlers that failed, with growing pauses, while later events wait', async () => {
    let fails = 2;
    const failing = handler('failing', () => {
      fails -= 1;
      return fails >= 0 ? Promise.reject(new Error('not today')) : Promise.resolve();
    });
    handlers = [handler('noting'), failing];
    await happen('A', 'requested', 'cancel_requested');
    await dispatcher.idle();
    expect(await rows()).toMatchObject([
      { dispatch: 'pending', tries: 1, error: 'failing: not today', handled_by: '["noting"]' },
      { dispatch: 'pending', tries: 0 },
    ]);
    clock.advance(999);
    await dispatcher.idle();
    expect(seen).toHaveLength(2);
    clock.advance(1);
    await dispatcher.idle();
    clock.advance(1999);
    await dispatcher.idle();
    expect(seen).toHaveLength(3);
    clock.advance(1);
    await dispatcher.idle();
    expect(seen.slice(2)).toEqual([
      'failing A requested',
      'failing A requested',
      'noting A cancel_requested',
      'failing A cancel_requested',
    ]);
    expect(await rows()).toMatchObject([{ dispatch: 'done', error: null }, { dispatch: 'done' }]);
  });

  it('sets an event aside with its error after the last try, and goes on', async () => {
    handlers = [
      handler('failing', ({ type }) => (type === 'requested' ? Promise.reject(new Error('never')) : Promise.resolve())),
    ];
    await happen('A', 'requested', 'cancel_requested');
    await dispatcher.idle();
    for (let count = 0; count < 9; count += 1) {
      clock.advance(600_000);
      await dispatcher.idle();
    }
    expect(await rows()).toMatchObject([
      { dispatch: 'set_aside', tries: 10, error: 'failing: never' },
      { dispatch: 'done' },
    ]);
    expect(errors.filter((line) => line.includes('set aside'))).toHaveLength(1);
    expect(clock.waiting).toBe(0);
  });

  it('continues with the pending events after a restart, including interrupted ones', async () => {
    handlers = [handler('hanging', () => new Promise(() => undefined))];
    await happen('A', 'requested', 'cancel_requested');
    await until(() => seen.length === 1);
    await dispatcher.stop(5);
    handlers = [handler('noting')];
    renew();
    await dispatcher.idle();
    expect(seen).toEqual(['hanging A requested', 'noting A requested', 'noting A cancel_requested']);
  });

  it('leaves no timer behind, whenever it is stopped', async () => {
    handlers = [handler('failing', () => Promise.reject(new Error('not today')))];
    await happen('A', 'requested');
    await dispatcher.idle();
    const left = new Set<number>();
    for (let moment = 0; moment < 50; moment += 1) {
      dispatcher.start();
      for (let step = 0; step < moment; step += 1) await Promise.resolve();
      await dispatcher.stop(10);
      left.add(clock.waiting);
    }
    expect([...left]).toEqual([0]);
  });

  it('leaves a row alone that it cannot read, and logs it once', async () => {
    await happen('A', 'requested');
    await dispatcher.idle();
    await db
      .updateTable('delivery_events')
      .set({ payload: '[]', dispatch: 'pending', next_try_at: clock.now() })
      .execute();
    await happen('B', 'requested');
    await dispatcher.idle();
    expect(seen).toEqual(['noting A requested', 'noting B requested']);
    expect(await rows()).toMatchObject([{ dispatch: 'pending', tries: 1 }, { dispatch: 'done' }]);
    expect(errors).toEqual([expect.stringContaining('its payload is not of a form')]);
    clock.advance(3_600_000);
    dispatcher.wake();
    await dispatcher.idle();
    expect(errors).toHaveLength(1);
  });

  it('limits its wait to the longest possible timer', async () => {
    const waits: number[] = [];
    const setTimeout = clock.setTimeout.bind(clock);
    jest.spyOn(clock, 'setTimeout').mockImplementation((callback, ms) => {
      waits.push(ms);
      return setTimeout(callback, ms);
    });
    await happen('A', 'requested');
    await dispatcher.idle();
    // As if the clock was set back by weeks.
    const later = clock.now() + 2 ** 40;
    await db.updateTable('delivery_events').set({ dispatch: 'pending', next_try_at: later }).execute();
    dispatcher.wake();
    await dispatcher.idle();
    expect(waits).toEqual([2 ** 31 - 1]);
  });

  it('ignores what a hook throws', async () => {
    await dispatcher.stop(10);
    renew(() => {
      throw new Error('The hook is broken.');
    });
    await happen('A', 'requested');
    await dispatcher.idle();
    expect(await rows()).toMatchObject([{ dispatch: 'done' }]);
    expect(errors).toEqual([]);
  });
});
