import type { Insertable } from 'kysely';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { factsOf } from '../../../test/webhooks/event-samples.js';
import type { ScriptedLalamove } from '../../../test/deliveries/scripted-lalamove.js';
import { ID, WorkerWorld } from '../../../test/deliveries/worker-world.js';
import { createLalamoveException } from '../../errors/create-exception.js';
import { readLalamoveEvent } from '../../webhooks/events/lalamove-event.js';
import type { DeliveryAttemptsTable } from '../storage/sql/deliveries-schema.js';
import { DurableInbox } from './durable-inbox.js';
import { WebhookHandlers } from './webhook-handlers.js';

const MINUTE_MS = 60_000;
const LOST = createLalamoveException('LALAMOVE_OUTCOME_UNKNOWN');

// Guards against a second courier. Each test fails if the guard that its comment names is removed.
describe('a delivery', () => {
  let world: WorkerWorld;
  let lalamove: ScriptedLalamove;
  let applied: string[];
  let inbox: DurableInbox;

  beforeEach(async () => {
    world = await WorkerWorld.open();
    ({ lalamove } = world);
    applied = [];
    inbox = new DurableInbox({
      ...{ deliveries: world.deliveries, handlers: new WebhookHandlers(), now: world.now, unmatchedMs: 60 * MINUTE_MS },
      hooks: {
        onStep: (step, of) => {
          if (step === 'event_applied') applied.push(of);
        },
      },
      wake: () => undefined,
      wakeHandlers: () => undefined,
    });
  });

  afterEach(() => world.close());

  /** Stores and applies a webhook. */
  async function receive(type: string, data: Record<string, unknown>): Promise<void> {
    const at = world.now();
    const facts = factsOf(type, data, { signedAt: at, receivedAt: at, fingerprint: `${type} ${JSON.stringify(data)}` });
    await inbox.accept({ keys: [facts.fingerprint], facts, event: readLalamoveEvent(facts) });
    await inbox.idle();
  }

  /** The version of the row: a decision is dropped if the row has changed since it was read. */
  it('drops a decision to book again when a webhook comes between the decision and its commit', async () => {
    world.usePolicy({ unknownOutcome: { waitMinutes: 10, then: 'rebook' } });
    await world.requested();
    lalamove.fail('placeOrder', LOST);
    await world.advance();
    const { progress } = await world.row();
    world.clock.advance(20 * MINUTE_MS);
    await world.workerTo('claimed', () => world.createdReceived(progress.attempt?.id)).advance(ID);
    expect(lalamove.posted).toHaveLength(1);
    expect(await world.attempts()).toEqual(['placed as 1001']);
    expect(await world.row()).toMatchObject({ state: 'assigning', progress: { order: { orderId: '1001' } } });
  });

  /**
   * The abort signal of the POST, which fires when the lease ends: after that, another worker treats the attempt as
   * lost and may book again.
   */
  it('aborts a POST and its retries when the lease ends', async () => {
    const timeout = jest.spyOn(AbortSignal, 'timeout');
    await world.requested();
    const post = lalamove.hold('placeOrder');
    const advancing = world.advance();
    await post.begun;
    const { leaseUntil = 0 } = await world.row();
    expect(timeout.mock.calls).toEqual([[leaseUntil - world.now()]]);
    expect(lalamove.posted[0]?.signal).toBe(timeout.mock.results[0]?.value);
    timeout.mockRestore();
    post.end();
    await advancing;
  });

  /** The record of its own cancellation, which is committed before the call. */
  it('recognizes its own cancellation after a crash that lost the answer', async () => {
    await world.booked();
    await world.cancellationAsked();
    const crashed = world.workerTo('canceled', async () => {
      await world.leaseOver();
      // The next worker reads the order before it cancels it, because no webhook has arrived.
      await world.deliveries.change(ID, ({ state, progress }) => ({
        state,
        progress: { ...progress, needsRead: true },
        events: [],
      }));
      lalamove.shows = { status: 'CANCELED' };
      await world.advance();
    });
    await crashed.advance(ID);
    expect(await world.row()).toMatchObject({ state: 'canceled' });
    expect(lalamove.called.filter((call) => call.startsWith('cancelOrder'))).toHaveLength(1);
  });

  /** The expiry of a quotation, which is counted from the request. */
  it.each(['2020-01-01T00:00:00.00Z', '2099-01-01T00:00:00.00Z', ''])(
    'orders a quotation within five minutes of its request, although Lalamove says that it expires at %j',
    async (expiresAt) => {
      await world.requested();
      lalamove.quotes = { expiresAt };
      const crashed = world.workerTo('quoted', () => Promise.reject(new Error('The process is asked to stop.')));
      await crashed.advance(ID);
      await world.advance();
      const { progress } = await world.row();
      expect(progress.quotation?.expiresAt).toBe(world.now() + 5 * MINUTE_MS);
      expect(lalamove.posted).toHaveLength(1);
    },
  );

  /** The check that a replacement is already known. */
  it('cancels no order if a replacement is reported again after the replacing order has ended', async () => {
    await world.booked();
    await receive('ORDER_REPLACED', { order: { orderId: '2002' }, prevOrderId: '1001' });
    lalamove.shows = { status: 'REJECTED' };
    world.usePolicy({ rebook: { maxAttempts: 3 } });
    await world.advance();
    const { progress } = await world.row();
    expect(progress.order?.orderId).not.toBe('1001');
    lalamove.shows = {};
    lalamove.called.length = 0;
    world.clock.advance(1000);
    await receive('ORDER_REPLACED', { order: { orderId: '2002' }, prevOrderId: '1001', again: true });
    await world.advance();
    expect((await world.row()).progress.duplicates).toBeUndefined();
    expect(lalamove.called).not.toContain('cancelOrder 2002');
    expect(await world.eventTypes()).not.toContain('duplicate_found');
  });

  /** The check that an unmatched webhook was not applied since it was looked up. */
  it('applies an unmatched webhook once if two sweeps find it', async () => {
    await world.requested();
    await receive('ORDER_STATUS_CHANGED', {
      order: { orderId: '1001', status: 'ON_GOING', previousStatus: 'ASSIGNING_DRIVER', driverId: '7' },
    });
    expect(applied).toEqual([]);
    await world.db.insertInto('delivery_attempts').values(attemptOf1001()).execute();
    await Promise.all([inbox.sweep(), inbox.sweep()]);
    await inbox.idle();
    expect(applied).toHaveLength(1);
  });

  function attemptOf1001(): Insertable<DeliveryAttemptsTable> {
    const at = world.now();
    return {
      ...{ id: 'attempt of A', delivery_id: ID, account: '', number: 1, quotation_id: 'q', order_id: '1001' },
      ...{ outcome: 'placed', total: '78', currency: 'HKD', reserved_at: at, settled_at: at },
    };
  }
});
