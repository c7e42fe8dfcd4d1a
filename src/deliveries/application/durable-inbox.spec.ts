import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { sql, type Kysely } from 'kysely';
import { deliveriesOn } from '../../../test/deliveries/deliveries-on.js';
import { openTestedDatabase, type TestedDatabase } from '../../../test/deliveries/tested-storage.js';
import { recordNamed } from '../../../test/deliveries/delivery-rows.js';
import { factsOf } from '../../../test/webhooks/event-samples.js';
import { Gate } from '../../../test/support/gate.js';
import { failureOf } from '../../../test/support/lalamove.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { turn } from '../../../test/support/until.js';
import { readLalamoveEvent } from '../../webhooks/events/lalamove-event.js';
import type { LalamoveInboxEntry } from '../../webhooks/inbox/lalamove-inbox.js';
import type { DeliveriesHooks } from '../deliveries.hooks.js';
import type { DeliveryAttempt } from '../domain/delivery-progress.js';
import { lostSight, placed } from '../domain/transitions.js';
import type { DeliveriesSchema } from '../storage/sql/deliveries-schema.js';
import type { DeliveryRecord } from '../storage/delivery-record.js';
import type { DeliveryTransactions } from './delivery-transactions.js';
import { DurableInbox } from './durable-inbox.js';
import { WebhookHandlers } from './webhook-handlers.js';

const UNMATCHED_MS = 3_600_000;
const POLL_MS = 120_000;

const attemptOf = (reference: string): string => `attempt of ${reference}`;

describe('DurableInbox', () => {
  let database: TestedDatabase;
  let db: Kysely<DeliveriesSchema>;
  let clock: ManualClock;
  let deliveries: DeliveryTransactions;
  let inbox: DurableInbox;
  let events: string[];
  let wakes: { id: string; in: number }[];
  let wakesOfHandlers: number;
  let errors: string[];

  beforeEach(async () => {
    clock = new ManualClock();
    database = await openTestedDatabase(() => clock.now());
    db = database.db;
    events = [];
    wakes = [];
    wakesOfHandlers = 0;
    errors = [];
    Logger.overrideLogger({ log: () => undefined, warn: () => undefined, error: (line: string) => errors.push(line) });
    deliveries = deliveriesOn(database, () => clock.now());
    deliveries.committed.subscribe(({ event: { reference, type } }) => events.push(`${reference} ${type}`));
    inbox = inboxWith({});
  });

  afterEach(async () => {
    await database.close();
    Logger.overrideLogger(false);
  });

  function inboxWith(hooks: DeliveriesHooks): DurableInbox {
    return new DurableInbox({
      ...{ deliveries, handlers: new WebhookHandlers(), hooks, now: () => clock.now(), unmatchedMs: UNMATCHED_MS },
      wake: (id, at) => wakes.push({ id, in: at - clock.now() }),
      wakeHandlers: () => {
        wakesOfHandlers += 1;
      },
    });
  }

  /** A delivery whose order is being posted. */
  async function post(reference: string): Promise<void> {
    const now = clock.now();
    const attempt: DeliveryAttempt = {
      ...{ id: attemptOf(reference), number: 1, quotationId: `quotation of ${reference}`, outcome: 'reserved' },
      ...{ quotationExpiresAt: now + 300_000, reservedAt: now },
    };
    const record = recordNamed(reference, now, { state: 'booking', progress: { attempt, booked: 1 } });
    await deliveries.transact(async (trx) => {
      await trx.insert(record, []);
      await trx.storage.reserveAttempt(record, attempt, { total: '100', currency: 'HKD' });
    });
  }

  async function answer(reference: string, orderId: string): Promise<void> {
    await deliveries.change(`id of ${reference}`, (record) =>
      placed(record, attemptOf(reference), { orderId }, clock.now()),
    );
  }

  /** A delivery with an order. Its events so far are removed from `events`. */
  async function order(reference: string, orderId: string): Promise<void> {
    await post(reference);
    await answer(reference, orderId);
    events = [];
  }

  /** A webhook with a new status of an order. */
  function update(
    orderId: string,
    status: string,
    { key = `${orderId} ${status}`, keys = [key, `id of ${key}`], later = 0 }: UpdateOptions = {},
  ): LalamoveInboxEntry {
    const [fingerprint] = keys;
    const at = clock.now();
    const data = { order: { orderId, status, previousStatus: 'ASSIGNING_DRIVER', driverId: '7' } };
    const facts = factsOf('ORDER_STATUS_CHANGED', data, { fingerprint, signedAt: at + later, receivedAt: at });
    return { keys, facts, event: readLalamoveEvent(facts) };
  }

  interface UpdateOptions {
    key?: string;
    keys?: LalamoveInboxEntry['keys'];
    /** The time of its signature, in ms from now. */
    later?: number;
  }

  async function webhooks(): Promise<object[]> {
    return db
      .selectFrom('delivery_events')
      .select(['fingerprint', 'delivery_id', 'applied_at', 'set_aside_at', 'dispatch'])
      .where('source', '=', 'webhook')
      .orderBy('id')
      .execute();
  }

  async function delivery(reference: string): Promise<DeliveryRecord | undefined> {
    return deliveries.storage.find('', reference);
  }

  it('recognizes keys without an account from an earlier version, and separates the keys of accounts', async () => {
    const accept = (signature: string, repeatKey: string): Promise<string> =>
      inbox.accept(update('1', 'ON_GOING', { keys: [signature, repeatKey] }));
    expect(await accept('signature 1', 'id.data.ORDER_STATUS_CHANGED')).toBe('new');
    expect(await accept('signature 2', 'id.data.ORDER_STATUS_CHANGED.key 1')).toBe('repeated');
    expect(await accept('signature 3', 'id.data.ORDER_STATUS_CHANGED.key 1')).toBe('repeated');
    expect(await accept('signature 4', 'id 2.data.ORDER_STATUS_CHANGED.key 1')).toBe('new');
    expect(await accept('signature 5', 'id 2.data.ORDER_STATUS_CHANGED.key 2')).toBe('new');
    expect(await webhooks()).toHaveLength(3);
  });

  it('commits an event and its effect before it answers, and then emits the events', async () => {
    await order('A', '1');
    const { entered, open } = gated();
    expect(await inbox.accept(update('1', 'ON_GOING'))).toBe('new');
    expect(await webhooks()).toEqual([
      {
        ...{ fingerprint: '1 ON_GOING', delivery_id: 'id of A', applied_at: clock.now(), set_aside_at: null },
        dispatch: 'pending',
      },
    ]);
    expect(await delivery('A')).toMatchObject({ state: 'on_going', progress: { order: { driverId: '7' } } });
    expect([entered(), events]).toEqual([1, ['A driver_assigned', 'A on_going']]);
    open();
    await inbox.idle();
    expect(events).toHaveLength(2);
  });

  /** Blocks the work that follows the effect of an event. */
  function gated(): { entered: () => number; open: () => void } {
    const gate = new Gate(Infinity);
    inbox = inboxWith({ onStep: (step) => (step === 'event_applied' ? gate.pass(undefined) : undefined) });
    return {
      entered: () => gate.entered,
      open: () => {
        gate.open();
      },
    };
  }

  it('recognizes a duplicate by either key or by a key of an earlier duplicate, and applies it once', async () => {
    await order('A', '1');
    const keys = (...names: LalamoveInboxEntry['keys']): LalamoveInboxEntry =>
      update('1', 'ON_GOING', { keys: names, later: 1 });
    const [first, atOnce] = await Promise.all([inbox.accept(keys('f', 'id')), inbox.accept(keys('f', 'id'))]);
    expect([first, atOnce]).toEqual(['new', 'repeated']);
    await inbox.idle();
    const before = await delivery('A');
    wakes = [];
    for (const again of [
      keys('f', 'id'),
      keys('signed anew', 'id'),
      keys('f', 'another id'),
      // These are known only from the keys that earlier duplicates have added.
      keys('signed anew', 'third id'),
      keys('signed once more', 'another id'),
      keys('signed once more'),
    ]) {
      expect(await inbox.accept(again)).toBe('repeated');
    }
    await inbox.idle();
    expect(await delivery('A')).toEqual(before);
    expect([events, wakes]).toEqual([['A driver_assigned', 'A on_going'], []]);
    expect(await webhooks()).toHaveLength(1);
    expect(await inbox.accept(keys('other'))).toBe('new');
  });

  it('stores an event whose effect throws, and applies it in a later sweep', async () => {
    await order('A', '1');
    await order('B', '2');
    await db.updateTable('deliveries').set({ state: 'teleporting' }).where('id', '=', 'id of A').execute();
    expect(await inbox.accept(update('1', 'ON_GOING'))).toBe('new');
    expect(await inbox.accept(update('1', 'ON_GOING'))).toBe('repeated');
    // As after a crash: stored, but not applied.
    await inbox.accept(update('2', 'ON_GOING'));
    await db.updateTable('delivery_events').set({ applied_at: null }).where('order_id', '=', '2').execute();
    await inbox.sweep();
    // An event that cannot be applied does not block the others.
    expect(await webhooks()).toMatchObject([
      { fingerprint: '1 ON_GOING', delivery_id: null, applied_at: null },
      { fingerprint: '2 ON_GOING', delivery_id: 'id of B', applied_at: clock.now() },
    ]);
    // The unreadable row of the delivery is logged once.
    expect(errors).toEqual([expect.stringContaining('its state "teleporting" is none')]);
    await db.updateTable('deliveries').set({ state: 'assigning' }).where('id', '=', 'id of A').execute();
    events = [];
    clock.advance(1000);
    await inbox.sweep();
    expect(await delivery('A')).toMatchObject({ state: 'on_going' });
    expect(await webhooks()).toMatchObject([{ delivery_id: 'id of A', applied_at: clock.now() }, {}]);
    expect(events).toEqual(['A driver_assigned', 'A on_going']);
    await inbox.sweep();
    expect(events).toHaveLength(2);
  });

  it('applies a webhook once if two sweeps look it up', async () => {
    await order('A', '1');
    await inbox.accept(update('1', 'ON_GOING'));
    await db.updateTable('delivery_events').set({ applied_at: null }).where('source', '=', 'webhook').execute();
    const version = (await delivery('A'))?.version ?? 0;
    await Promise.all([inbox.sweep(), inbox.sweep()]);
    expect((await delivery('A'))?.version).toBe(version + 1);
  });

  it('rolls an effect back that fails half-way', async () => {
    await order('A', '1');
    await sql`create trigger half before update on deliveries begin select raise(abort, 'half-way'); end`.execute(db);
    expect(await inbox.accept(update('1', 'ON_GOING'))).toBe('new');
    await sql`drop trigger half`.execute(db);
    await inbox.idle();
    expect([events, wakes]).toEqual([[], []]);
    const timeline = db.selectFrom('delivery_events').select('type').orderBy('id');
    expect(await timeline.execute()).toEqual([{ type: 'booked' }, { type: 'ORDER_STATUS_CHANGED' }]);
    await inbox.sweep();
    expect(events).toEqual(['A driver_assigned', 'A on_going']);
  });

  it('rejects if the database fails, and stores nothing, so that the repeated event is new', async () => {
    await order('A', '1');
    const before = await delivery('A');
    const disk = sql`create trigger full before insert on delivery_events
      begin select raise(abort, 'the disk is full'); end`;
    await disk.execute(db);
    expect((await failureOf(inbox.accept(update('1', 'ON_GOING')))).message).toContain('the disk is full');
    await sql`drop trigger full`.execute(db);
    expect([await webhooks(), await delivery('A'), events, wakes]).toEqual([[], before, [], []]);
    expect(await inbox.accept(update('1', 'ON_GOING'))).toBe('new');
    expect(await delivery('A')).toMatchObject({ state: 'on_going' });
  });

  it('keeps events until their order is known, wakes possible deliveries, and applies them by time', async () => {
    await post('A');
    await deliveries.change('id of A', lostSight);
    events = [];
    clock.advance(1000);
    await inbox.accept(update('1', 'PICKED_UP', { later: 2 }));
    await inbox.accept(update('1', 'ON_GOING', { later: 1 }));
    await inbox.idle();
    expect(wakes).toEqual([
      { id: 'id of A', in: 0 },
      { id: 'id of A', in: 0 },
    ]);
    expect(await delivery('A')).toMatchObject({ state: 'booking', dueAt: clock.now() });
    expect(await webhooks()).toMatchObject([{ applied_at: null }, { applied_at: null, delivery_id: null }]);
    await answer('A', '1');
    expect(events).toEqual(['A booked', 'A driver_assigned', 'A on_going', 'A picked_up']);
    expect(await webhooks()).toMatchObject(Array(2).fill({ applied_at: clock.now(), delivery_id: 'id of A' }));
    await inbox.sweep();
    expect(events).toHaveLength(4);
  });

  it.each(['before', 'after'])('finds the delivery of a replaced order if its clone is known %s it', async (when) => {
    const at = clock.now();
    const data = { order: { orderId: '2' }, prevOrderId: '1' };
    const facts = factsOf('ORDER_REPLACED', data, { fingerprint: 'replaced', signedAt: at, receivedAt: at });
    const replacement = { keys: ['replaced'] as const, facts, event: readLalamoveEvent(facts) };
    // The answer with order 1 was lost, so a webhook of its clone tells the order.
    await post('A');
    await inbox.accept(update('1', 'ON_GOING'));
    if (when === 'before') await answer('A', '2');
    await inbox.accept(replacement);
    if (when === 'after') await answer('A', '2');
    clock.advance(2000);
    // The second sweep matches the order that the first one has made known.
    await inbox.sweep();
    await inbox.sweep();
    expect(await webhooks()).toMatchObject([
      { fingerprint: '1 ON_GOING', delivery_id: 'id of A', applied_at: expect.any(Number) },
      { fingerprint: 'replaced', delivery_id: 'id of A', applied_at: expect.any(Number) },
    ]);
    expect((await delivery('A'))?.progress.order?.orderId).toBe('2');
  });

  it('sets an event aside for good if its order stays unknown for too long', async () => {
    await post('A');
    await inbox.accept(update('1', 'ON_GOING'));
    clock.advance(UNMATCHED_MS);
    await inbox.sweep();
    expect(await webhooks()).toMatchObject([{ applied_at: null, set_aside_at: null }]);
    clock.advance(1);
    await inbox.sweep();
    const aside = { applied_at: null, set_aside_at: clock.now() };
    expect(await webhooks()).toMatchObject([aside]);
    clock.advance(1);
    await answer('A', '1');
    await inbox.sweep();
    expect(await webhooks()).toMatchObject([aside]);
    expect(await delivery('A')).toMatchObject({ state: 'assigning' });
    // Lalamove may still repeat it.
    expect(await inbox.accept(update('1', 'ON_GOING'))).toBe('repeated');
  });

  it('sweeps any number of waiting events', async () => {
    const many = Array.from({ length: 201 }, (_, index) => `${index}`);
    await Promise.all(many.map((key) => inbox.accept(update('1', 'ON_GOING', { key }))));
    await post('A');
    // Only the row of the attempt changes, so that the waiting events are left for the sweep.
    await db.updateTable('delivery_attempts').set({ order_id: '1', outcome: 'placed' }).execute();
    await inbox.sweep();
    const left = db.selectFrom('delivery_events').select('id').where('applied_at', 'is', null);
    expect(await left.execute()).toEqual([]);
  });

  it('applies a burst in one commit, and each delivery has the status that was signed last', async () => {
    const references = Array.from({ length: 25 }, (_, index) => `A-${index}`);
    for (const [index, reference] of references.entries()) await order(reference, `${index}`);
    const commits = jest.spyOn(db, 'transaction');
    const burst = ['PICKED_UP', 'ON_GOING'].flatMap((status, before) =>
      references.map((_, index) => update(`${index}`, status, { later: 1000 - before })),
    );
    expect(await Promise.all(burst.map((entry) => inbox.accept(entry)))).toEqual(Array(50).fill('new'));
    expect(commits).toHaveBeenCalledTimes(1);
    const states = await db.selectFrom('deliveries').select('state').execute();
    expect(states).toEqual(Array(25).fill({ state: 'picked_up' }));
    await inbox.idle();
    expect(events).toHaveLength(50);
  });

  it.each([
    ['now if an action is due', 'REJECTED', 0, [{ id: 'id of A', in: 0 }]],
    ['later if it waits', 'ON_GOING', 0, [{ id: 'id of A', in: POLL_MS }]],
    ['at its earlier due time if the update is old', 'ON_GOING', -1, [{ id: 'id of A', in: POLL_MS - 1000 }]],
    ['never if nothing is left to do', 'COMPLETED', 0, []],
  ])('wakes a delivery %s', async (_, status, later, expected) => {
    await order('A', '1');
    await inbox.accept(update('1', 'ASSIGNING_DRIVER'));
    await inbox.idle();
    wakes = [];
    clock.advance(1000);
    await inbox.accept(update('1', status, { later: later * 2000 }));
    await inbox.idle();
    expect(wakes).toEqual(expected);
  });

  it('wakes the dispatcher only if a handler handles the event, and always before the handlers are known', async () => {
    await inbox.accept(update('1', 'ON_GOING'));
    expect(wakesOfHandlers).toBe(1);
    inbox.start(({ eventType }) =>
      eventType === 'UNKNOWN' ? [{ name: 'Host.on', handle: () => Promise.resolve() }] : [],
    );
    expect(wakesOfHandlers).toBe(2);
    await inbox.accept(update('1', 'PICKED_UP'));
    expect(wakesOfHandlers).toBe(2);
    const facts = factsOf('ORDER_TELEPORTED', {}, { fingerprint: 'new' });
    await inbox.accept({ keys: ['new'], facts, event: readLalamoveEvent(facts) });
    expect(wakesOfHandlers).toBe(3);
    expect(await webhooks()).toMatchObject([
      { dispatch: 'pending' },
      { dispatch: 'none' },
      // It belongs to no order, so that it does not wait.
      { dispatch: 'pending', applied_at: clock.now() },
    ]);
  });

  it('accepts nothing after stop() was called, and finishes the pending work first', async () => {
    await order('A', '1');
    const { open } = gated();
    await inbox.accept(update('1', 'ON_GOING'));
    const stopped = inbox.stop().then(() => events.push('stopped'));
    expect((await failureOf(inbox.accept(update('1', 'PICKED_UP')))).message).toContain('shutting down');
    await turn();
    expect(events).not.toContain('stopped');
    open();
    await stopped;
    expect(events).toEqual(['A driver_assigned', 'A on_going', 'stopped']);
    expect(await webhooks()).toHaveLength(1);
  });
});
