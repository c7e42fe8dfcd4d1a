import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import type { recordNamed } from '../../../test/deliveries/delivery-rows.js';
import { turn } from '../../../test/support/until.js';
import type { HeldCall, ScriptedLalamove } from '../../../test/deliveries/scripted-lalamove.js';
import { ID, WorkerWorld } from '../../../test/deliveries/worker-world.js';
import { canceled } from '../domain/cancellation.js';
import { duplicateFound } from '../domain/duplicates.js';
import { createLalamoveException } from '../../errors/create-exception.js';
import type { DeliveriesHooks } from '../deliveries.hooks.js';
import type { DeliveryCalls } from './account-services.js';
import { InProcessQueue } from '../queue/in-process-queue.js';

const MINUTE_MS = 60_000;
const AT_NINE = Date.parse('2026-11-22T09:00:00Z');

const AWAY = createLalamoveException('LALAMOVE_SERVER_ERROR');
const LOST = createLalamoveException('LALAMOVE_OUTCOME_UNKNOWN');
const NO_CREDIT = createLalamoveException('ERR_INSUFFICIENT_CREDIT');
const TOO_LATE = createLalamoveException('ERR_CANCELLATION_FORBIDDEN');

/** Not a LalamoveException. It contains secrets and personal data, which must not be logged. */
const BROKEN = Object.assign(new TypeError('It broke.'), {
  config: { headers: { Authorization: 'hmac pk_test_hidden:1:hidden' }, data: '+85251234567' },
  cause: new Error('sk_test_hidden'),
});
const SECRETS = /hidden|\+852/;

describe('DeliveryWorker', () => {
  let world: WorkerWorld;
  let lalamove: ScriptedLalamove;

  beforeEach(async () => {
    world = await WorkerWorld.open();
    ({ lalamove } = world);
  });

  afterEach(() => world.close());

  const unleased = { leaseToken: undefined, leaseUntil: undefined };

  /** A delivery whose POST has started and has not ended. */
  async function posting(): Promise<{ post: HeldCall; advancing: Promise<unknown> }> {
    await world.requested();
    const post = lalamove.hold('placeOrder');
    const advancing = world.advance();
    await post.begun;
    return { post, advancing };
  }

  it('commits the attempt under its lease before the POST, which contains the id of the attempt', async () => {
    const { post, advancing } = await posting();
    const { state, leaseToken, leaseUntil, progress } = await world.row();
    const id = progress.attempt?.id;
    expect({ state, booked: progress.booked, attempt: progress.attempt?.outcome }).toEqual({
      ...{ state: 'booking', booked: 1, attempt: 'reserved' },
    });
    expect(await world.db.selectFrom('delivery_attempts').selectAll().execute()).toMatchObject([
      { id, delivery_id: ID, outcome: 'reserved', quotation_id: 'quotation 1', order_id: null },
    ]);
    const input = { quotationId: 'quotation 1', metadata: { deliveryAttempt: id } };
    expect(lalamove.posted).toMatchObject([{ input, requestId: id?.slice(`${ID}.`.length) }]);
    expect(lalamove.posted[0]?.requestId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(leaseToken).toBeDefined();
    expect(leaseUntil).toBeGreaterThan(world.now());
    expect(await world.advance()).toBeUndefined();
    post.end();
    await advancing;
    expect(lalamove.posted).toHaveLength(1);
    expect(await world.attempts()).toEqual(['placed as 1001']);
    expect(await world.row()).toMatchObject({ state: 'assigning', ...unleased });
  });

  describe('whose lease expires between the reservation and the POST', () => {
    beforeEach(() => world.requested());

    it('posts nothing and marks its attempt as refused; the next worker books', async () => {
      await world.workerTo('reserved', () => world.leaseOver()).advance(ID);
      expect(lalamove.posted).toEqual([]);
      expect(await world.attempts()).toEqual(['refused']);
      expect(await world.row()).toMatchObject({ state: 'quoting', progress: { booked: 0 }, ...unleased });
      await world.advance();
      expect(await world.attempts()).toEqual(['refused', 'placed as 1001']);
      expect(await world.row()).toMatchObject({ state: 'assigning', progress: { booked: 1 } });
    });

    it('settles its attempt if another worker has marked it as unknown', async () => {
      const taken = async (): Promise<void> => {
        await world.leaseOver();
        await world.advance();
        expect(await world.attempts()).toEqual(['unknown']);
      };
      await world.workerTo('reserved', taken).advance(ID);
      expect(lalamove.posted).toEqual([]);
      expect(await world.attempts()).toEqual(['refused']);
      expect(await world.row()).toMatchObject({ state: 'quoting', ...unleased });
    });

    /** A person confirms that there is no order. */
    async function confirmedByPerson(): Promise<void> {
      await world.deliveries.change(ID, ({ state, progress }) => {
        if (!progress.attempt) throw new TypeError('There is no attempt.');
        const attempt = { ...progress.attempt, outcome: 'abandoned' } as const;
        const { id, outcome } = attempt;
        return { ...canceled({ state, progress: { ...progress, attempt } }), attempts: [{ id, outcome }] };
      });
    }

    it('cancels the delivery if that was requested meanwhile, because its attempt was not posted', async () => {
      world.usePolicy({ unknownOutcome: { waitMinutes: 10, then: 'rebook' } });
      const asked = async (): Promise<void> => {
        await world.leaseOver();
        await world.advance();
        await world.cancellationAsked();
        world.clock.advance(20 * MINUTE_MS);
        await world.advance();
        expect(await world.row()).toMatchObject({ state: 'needs_attention' });
      };
      await world.workerTo('reserved', asked).advance(ID);
      await world.advance();
      expect(await world.row()).toMatchObject({ state: 'canceled', ...unleased });
      expect(lalamove.posted).toEqual([]);
    });

    it('does not reopen a delivery that has ended meanwhile', async () => {
      world.usePolicy({ unknownOutcome: { waitMinutes: 10, then: 'rebook' } });
      const ended = async (): Promise<void> => {
        await world.leaseOver();
        await world.advance();
        await world.cancellationAsked();
        world.clock.advance(20 * MINUTE_MS);
        await world.advance();
        expect(await world.row()).toMatchObject({ progress: { reason: { code: 'OUTCOME_UNKNOWN' } } });
        await confirmedByPerson();
        expect(await world.attempts()).toEqual(['abandoned']);
      };
      await world.workerTo('reserved', ended).advance(ID);
      expect(await world.row()).toMatchObject({ state: 'canceled', ...unleased });
      await world.advance();
      expect((await world.eventTypes()).filter((type) => type === 'canceled')).toHaveLength(1);
      expect(lalamove.posted).toEqual([]);
    });
  });

  it.each([
    ['answer', undefined, 'placed as 1001', 'booked', 'assigning'],
    ['refusal', NO_CREDIT, 'refused', 'needs_attention', 'needs_attention'],
  ])('posts once if its lease is lost during the POST, and applies the %s', async (_, end, outcome, last, state) => {
    const { post, advancing } = await posting();
    await world.leaseOver();
    await world.advance();
    expect(await world.attempts()).toEqual(['unknown']);
    post.end(end);
    await advancing;
    await world.advance();
    expect(lalamove.posted).toHaveLength(1);
    expect(await world.attempts()).toEqual([outcome]);
    expect(await world.eventTypes()).toEqual(['requested', 'quoted', 'outcome_unknown', last]);
    expect(await world.row()).toMatchObject({ state, ...unleased });
  });

  it.each([
    ['a read', 'getOrder', undefined, undefined],
    ['a read that fails', 'getOrder', undefined, AWAY],
    ['a cancellation', 'cancelOrder', TOO_LATE, undefined],
    ['a cancellation that is refused', 'cancelOrder', undefined, TOO_LATE],
    ['a call that breaks', 'cancelOrder', undefined, BROKEN],
  ] as const)('writes no result of %s if its lease was lost during the call', async (_, name, others, late) => {
    await world.booked();
    if (name === 'getOrder') world.clock.advance(2 * MINUTE_MS);
    else await world.cancellationAsked();
    const call = lalamove.hold(name);
    const advancing = world.advance();
    await call.begun;
    await world.leaseOver();
    if (others) lalamove.fail(name, others);
    lalamove.shows = { status: 'ON_GOING', driverId: '7' };
    await world.advance();
    const before = { row: await world.row(), types: await world.eventTypes() };
    expect(lalamove.called.filter((line) => line === `${name} 1001`)).toHaveLength(2);
    lalamove.shows = { status: 'COMPLETED' };
    call.end(late);
    await advancing;
    expect({ row: await world.row(), types: await world.eventTypes() }).toEqual(before);
  });

  it.each([
    ['the answer to the POST', undefined],
    ['an answer that is lost', LOST],
    ['a refusal', NO_CREDIT],
  ])('books once if ORDER_CREATED arrives before %s', async (_, end) => {
    const { post, advancing } = await posting();
    await world.createdReceived(lalamove.posted[0]?.input.metadata?.deliveryAttempt);
    expect(await world.row()).toMatchObject({ state: 'assigning', progress: { order: { orderId: '1001' } } });
    post.end(end);
    await advancing;
    await world.advance();
    expect(lalamove.posted).toHaveLength(1);
    expect(await world.eventTypes()).toEqual(['requested', 'quoted', 'booked']);
    expect(await world.attempts()).toEqual(['placed as 1001']);
    expect(await world.row()).toMatchObject({ state: 'assigning', progress: { booked: 1 }, ...unleased });
  });

  it('takes the fields from the answer to the POST that ORDER_CREATED does not have', async () => {
    const { post, advancing } = await posting();
    await world.createdReceived(lalamove.posted[0]?.input.metadata?.deliveryAttempt);
    post.end();
    await advancing;
    expect((await world.row()).progress.order?.shareLink).toBe('https://share.example/1001');
  });

  it('reads an order that has a driver right after the POST, and does not request another driver at once', async () => {
    lalamove.shows = { status: 'ON_GOING', driverId: '7' };
    await world.requested();
    await world.advance();
    expect(lalamove.called).toEqual(['createQuotation', 'placeOrder', 'getOrder 1001']);
    expect(await world.eventTypes()).toEqual(['requested', 'quoted', 'booked', 'driver_assigned', 'on_going']);
    expect((await world.row()).progress.order?.driverSince).toBe(world.now());
  });

  it.each(['quoting', 'quoted', 'reserving'] as const)(
    'posts nothing if a cancellation is requested at the step %s',
    async (step) => {
      await world.requested();
      await world.workerTo(step, () => world.cancellationAsked()).advance(ID);
      expect(lalamove.called).toEqual(['createQuotation']);
      expect(await world.attempts()).toEqual([]);
      expect(await world.row()).toMatchObject({ state: 'canceled', ...unleased });
    },
  );

  it('cancels right after the POST if the cancellation was requested during the POST', async () => {
    const { post, advancing } = await posting();
    await world.cancellationAsked();
    post.end();
    await advancing;
    expect(lalamove.called).toEqual(['createQuotation', 'placeOrder', 'cancelOrder 1001']);
    expect(await world.eventTypes()).toEqual(['requested', 'quoted', 'cancel_requested', 'booked', 'canceled']);
  });

  describe('on a queue that stops during the POST', () => {
    let queue: InProcessQueue;
    let post: HeldCall;

    beforeEach(async () => {
      await world.requested();
      post = lalamove.hold('placeOrder');
      queue = new InProcessQueue(world.clock, 2);
      queue.start((id) => world.worker().advance(id));
      queue.wake(ID, world.now());
      await post.begun;
    });

    it('lets the queue wait for it', async () => {
      let isStopped = false;
      const stopping = queue.stop(5000).then(() => (isStopped = true));
      await turn();
      expect(isStopped).toBe(false);
      post.end();
      await stopping;
      expect(await world.attempts()).toEqual(['placed as 1001']);
      expect(await world.row()).toMatchObject({ state: 'assigning', ...unleased });
    });

    it('is abandoned if it takes too long, and the next worker does not post again', async () => {
      await queue.stop(10);
      await world.advance();
      expect(await world.attempts()).toEqual(['reserved']);
      await world.leaseOver();
      await world.advance();
      expect(await world.attempts()).toEqual(['unknown']);
      expect(lalamove.posted).toHaveLength(1);
    });
  });

  /** Prepares a delivery whose next call is due now. */
  const due = {
    quote: () => world.requested(),
    read: async (): Promise<void> => {
      await world.booked();
      world.clock.advance(2 * MINUTE_MS);
    },
    cancel: async (): Promise<void> => {
      await world.booked();
      await world.cancellationAsked();
    },
    'cancel a duplicate': async (): Promise<void> => {
      await world.booked();
      await world.deliveries.change(ID, (record) => duplicateFound(record, { orderId: '2002' }, world.now(), {}));
    },
    identify: async (): Promise<void> => {
      await world.requested();
      lalamove.fail('placeOrder', LOST);
      await world.advance();
      await world.createdReceived();
    },
    'raise the fee': async (): Promise<void> => {
      world.usePolicy({ raiseFee: [{ afterMinutes: 1, priorityFee: '20' }] });
      await world.booked();
      world.clock.advance(MINUTE_MS);
    },
    'change the driver': async (): Promise<void> => {
      world.usePolicy({ changeDriver: { afterMinutes: 15, maxChanges: 1 } });
      await world.booked();
      lalamove.shows = { status: 'ON_GOING', driverId: '7' };
      world.clock.advance(2 * MINUTE_MS);
      await world.advance();
      world.clock.advance(15 * MINUTE_MS);
    },
  };

  it.each<[keyof typeof due, keyof DeliveryCalls | 'account']>([
    ['quote', 'account'],
    ['quote', 'createQuotation'],
    ['read', 'getOrder'],
    ['identify', 'getOrder'],
    ['cancel', 'cancelOrder'],
    ['cancel a duplicate', 'cancelOrder'],
  ])('retries with growing pauses and logs no secrets if an unexpected error occurs on %s (%s)', async (what, name) => {
    await due[what]();
    const before = world.logged.length;
    if (name === 'account') world.accounts = { of: () => Promise.reject(BROKEN) };
    else lalamove.fail(name, BROKEN);
    for (const most of [5000, 10_000, 20_000]) {
      const dueAt = (await world.advance()) ?? 0;
      expect(dueAt - world.now()).toBeGreaterThanOrEqual(most / 2);
      expect(dueAt - world.now()).toBeLessThanOrEqual(most);
      expect(await world.row()).toMatchObject({ dueAt, ...unleased });
      world.clock.advance(dueAt - world.now());
    }
    const lines = world.logged.slice(before);
    expect(lines).toHaveLength(3);
    for (const line of lines) {
      expect(line).toContain('The work on a delivery failed (delivery=A error=It broke.)');
      expect(line).not.toMatch(SECRETS);
    }
  });

  it.each([
    ['its price', { priceBreakdown: undefined }],
    ['its stops', { stops: undefined }],
  ])('ends in needs_attention if quotations repeatedly lack %s, and orders none of them', async (_, quotes) => {
    world.usePolicy({ failures: { maxFailures: 3 } });
    lalamove.quotes = quotes;
    await world.requested();
    for (let count = 0; count < 3; count += 1) {
      await world.advance();
      world.clock.advance(MINUTE_MS);
    }
    expect(lalamove.called).toEqual(['createQuotation', 'createQuotation', 'createQuotation']);
    expect(await world.row()).toMatchObject({
      state: 'needs_attention',
      progress: { reason: { code: 'LALAMOVE_AWAY' } },
    });
  });

  it('recognizes an exception of another copy of the package', async () => {
    await world.requested();
    const foreign = { [Symbol.for('nestjs-lalamove:exception')]: true, code: 'LALAMOVE_SERVER_ERROR', retryable: true };
    lalamove.fail('createQuotation', Object.assign(new Error('Away.'), foreign));
    await world.advance();
    expect(await world.row()).toMatchObject({ state: 'quoting', progress: { failures: 1 }, ...unleased });
    expect(world.logged).toEqual([]);
  });

  it.each([
    ['and logs no secrets', () => undefined],
    [
      'even if the logger throws',
      () => {
        world.log = () => {
          throw new Error('The logger is broken.');
        };
      },
    ],
  ])('marks the attempt as unknown if the POST fails with an unexpected error, %s', async (_, prepare) => {
    await world.requested();
    prepare();
    lalamove.fail('placeOrder', BROKEN);
    await world.advance();
    expect(await world.attempts()).toEqual(['unknown']);
    expect(world.logged.join()).not.toMatch(SECRETS);
  });

  it.each<[string, DeliveriesHooks]>([
    [
      'throw',
      {
        onStep: () => {
          throw BROKEN;
        },
      },
    ],
    ['reject', { onStep: () => Promise.reject(BROKEN) }],
    ['are missing', {}],
  ])('works the same if hooks %s', async (_, hooks) => {
    await world.requested();
    await world.worker(hooks).advance(ID);
    await world.cancellationAsked();
    await world.worker(hooks).advance(ID);
    expect(lalamove.called).toEqual(['createQuotation', 'placeOrder', 'cancelOrder 1001']);
    expect(await world.eventTypes()).toEqual(['requested', 'quoted', 'booked', 'cancel_requested', 'canceled']);
    expect(world.logged).toEqual([]);
  });

  it.each<[string, Parameters<typeof recordNamed>[2], number | undefined]>([
    ['is not due', { progress: { retryAt: AT_NINE }, dueAt: AT_NINE }, AT_NINE],
    ['has ended', { state: 'completed', dueAt: undefined }, undefined],
  ])('does not claim a delivery that %s, and writes nothing', async (_, more, dueAt) => {
    await world.requested(more);
    const writes = async (): Promise<unknown> => (await sql`select total_changes() as count`.execute(world.db)).rows;
    const before = { row: await world.row(), writes: await writes() };
    const steps: string[] = [];
    expect(await world.worker({ onStep: (step) => void steps.push(step) }).advance(ID)).toBe(dueAt);
    expect({ row: await world.row(), writes: await writes() }).toEqual(before);
    expect([...steps, ...lalamove.called]).toEqual([]);
  });

  it.each<[keyof typeof due, keyof DeliveryCalls, string, string, string]>([
    ['quote', 'createQuotation', 'LALAMOVE_SERVER_ERROR', 'createQuotation', 'quoting'],
    ['quote', 'placeOrder', 'ERR_INSUFFICIENT_CREDIT', 'placeOrder', 'needs_attention'],
    ['read', 'getOrder', 'LALAMOVE_SERVER_ERROR', 'getOrder 1001', 'assigning'],
    ['identify', 'getOrder', 'ERR_ORDER_NOT_FOUND', 'getOrder 1001', 'booking'],
    ['cancel', 'cancelOrder', 'LALAMOVE_SERVER_ERROR', 'cancelOrder 1001', 'assigning'],
    ['cancel', 'cancelOrder', 'ERR_CANCELLATION_FORBIDDEN', 'getOrder 1001', 'assigning'],
    ['cancel a duplicate', 'cancelOrder', 'LALAMOVE_SERVER_ERROR', 'cancelOrder 2002', 'assigning'],
    ['raise the fee', 'addPriorityFee', 'ERR_INVALID_TIPS', 'getOrder 1001', 'assigning'],
    ['change the driver', 'changeDriver', 'ERR_CHANGE_DRIVER', 'getOrder 1001', 'on_going'],
  ])('releases its lease after %s, if %s fails with %s', async (what, name, code, last, state) => {
    await due[what]();
    lalamove.called.length = 0;
    lalamove.fail(name, createLalamoveException(code));
    await world.advance();
    expect(lalamove.called.some((line) => line.startsWith(name))).toBe(true);
    expect(lalamove.called.at(-1)).toBe(last);
    expect(await world.row()).toMatchObject({ state, ...unleased });
  });

  it.each([
    ['account is unknown', 'ACCOUNT_UNKNOWN', () => (world.accounts = { of: () => Promise.resolve(undefined) })],
    ['request is erased', 'REQUEST_ERASED', () => world.db.updateTable('deliveries').set({ request: null }).execute()],
  ])('releases its lease if the %s', async (_, code, prepare) => {
    await world.requested();
    await prepare();
    await world.advance();
    expect(lalamove.called).toEqual([]);
    expect(await world.row()).toMatchObject({ state: 'needs_attention', progress: { reason: { code } }, ...unleased });
  });

  it('stops a loop without pauses, releases its lease, and goes on later', async () => {
    world.usePolicy({ poll: { everySeconds: 0, maxSeconds: 0 } });
    await world.requested();
    const dueAt = (await world.advance()) ?? 0;
    expect(dueAt).toBeGreaterThanOrEqual(world.now() + 2500);
    expect(lalamove.called.length).toBeLessThan(100);
    expect(await world.row()).toMatchObject({ dueAt, ...unleased });
  });
});
