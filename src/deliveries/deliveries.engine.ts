import { Logger } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { sql, type Kysely } from 'kysely';
import { detached } from '../internal/async-context.js';
import { systemClock } from '../internal/clock.js';
import { logLine, say, wordsOf } from '../internal/log-line.js';
import { atMost, TimeoutError, withTimeout } from '../internal/with-timeout.js';
import type { DeliveriesHooks } from './deliveries.hooks.js';
import type { DeliveriesModuleOptions } from './deliveries.options.js';
import type { DeliveriesMetrics } from './deliveries.service.js';
import type { DeliveryEvent } from './events/delivery-event.js';
import { DELIVERY_STATES, type DeliveryState } from './domain/delivery-progress.js';
import { DEFAULT_POLICY } from './domain/delivery-policy.js';
import { withPolicy } from './domain/policy-checks.js';
import type { DeliveriesSchema } from './storage/sqlite/deliveries-schema.js';
import { DeliveryStore } from './storage/sqlite/delivery-store.js';
import { eraseOld } from './storage/sqlite/erase-delivery.js';
import type { DeliveriesDatabase } from './storage/sqlite/open-database.js';
import { ownTransaction } from './storage/sqlite/own-transaction.js';
import { AccountServices } from './application/account-services.js';
import { InProcessQueue, type DeliveriesQueue } from './queue/in-process-queue.js';
import { ClockWatch } from './application/clock-watch.js';
import { DeliveryWorker } from './application/delivery-worker.js';
import { DurableInbox } from './application/durable-inbox.js';
import { OutboxDispatcher, type NamedHandler } from './application/outbox-dispatcher.js';
import { SteadyClock } from './application/steady-clock.js';
import { Sweeper } from './application/sweeper.js';
import { UnreadableRows } from './application/unreadable-rows.js';

const DAY_MS = 86_400_000;

/** How soon is looked for what was booked in a transaction of the host's, in ms. */
const SOON_MS = 50;

/** How long is waited for a queue of the host's, in ms. */
const QUEUE_TIMEOUT_MS = 10_000;

/** And while it fails: what is due must not wait for it one by one. */
const LOST_QUEUE_TIMEOUT_MS = 200;

/** How much longer than it may take a queue of the host's is waited for at shutdown, in ms. */
const STOP_MARGIN_MS = 1000;

/** How many deliveries are erased in a sweep. */
const ERASE_BATCH = 500;

/** All parts of deliveries, put together: the database, the queue, the workers, the inbox, the handlers. */
export class DeliveriesEngine {
  readonly store: DeliveryStore;
  readonly inbox: DurableInbox;
  readonly services: AccountServices;
  readonly dispatcher: OutboxDispatcher;
  readonly unreadable: UnreadableRows;
  readonly #options: DeliveriesModuleOptions;
  readonly #clock: SteadyClock;
  readonly #watch: ClockWatch;
  readonly #queue: DeliveriesQueue;
  readonly #worker: DeliveryWorker;
  readonly #logger: NonNullable<DeliveriesModuleOptions['logger']>;
  #handlersOf: (event: DeliveryEvent) => readonly NamedHandler<DeliveryEvent>[] = () => [];
  readonly #sweeper: Sweeper;
  /** What works on deliveries in this process: the queue itself, unless that is the host's. */
  readonly #local: InProcessQueue;
  /** Whether that the host's queue fails has been said. */
  #isQueueLost = false;
  #isStopped = true;

  constructor(
    private readonly database: DeliveriesDatabase,
    moduleRef: Pick<ModuleRef, 'get'>,
    options: DeliveriesModuleOptions,
  ) {
    const { hooks = {}, logger = new Logger('LalamoveDeliveries') } = options;
    const clock = new SteadyClock(options.clock ?? systemClock);
    this.#options = options;
    this.#clock = clock;
    this.#logger = logger;
    this.store = new DeliveryStore(database.db, withPolicy(DEFAULT_POLICY, options.policy), this.now);
    this.unreadable = new UnreadableRows({ store: this.store, logger, now: this.now });
    this.#local = new InProcessQueue(clock, options.concurrency ?? 16);
    this.#queue = options.queue ?? this.#local;
    this.inbox = this.#newInbox(hooks);
    this.dispatcher = new OutboxDispatcher({
      ...{ store: this.store, inbox: this.inbox, hooks, clock },
      handlersOf: (event) => this.#handlersOf(event),
      timeoutMs: (options.handlerTimeoutSeconds ?? 60) * 1000,
    });
    const { resolve, timeoutSeconds = 10 } = options.accounts ?? {};
    this.services = new AccountServices({ moduleRef, resolve, timeoutMs: timeoutSeconds * 1000, logger });
    const { store, services, now, wake } = this;
    this.#worker = new DeliveryWorker({ store, services, hooks, logger, now, wake });
    this.#watch = this.#newWatch();
    this.#sweeper = this.#newSweeper();
    this.store.committed.subscribe(({ type }) => {
      if (this.store.wanted(type)) this.dispatcher.wake();
    });
  }

  readonly now = (): number => this.#clock.now();

  /** A delivery has something to do, now or then (Unix ms). */
  readonly wake = (id: string, at = this.now()): void => {
    void this.#wake(id, at);
  };

  /** A delivery has something to do once a transaction of the host's is committed. */
  readonly wakeSoon = (id: string): void => {
    void this.#wake(id, this.now() + SOON_MS);
    // It is announced to nobody, for it may vanish yet.
    const dispatch = (): void => {
      this.dispatcher.wake();
    };
    detached(() => this.#clock.setTimeout(dispatch, SOON_MS));
  };

  /** Brings a delivery as far as it goes now. */
  readonly advance = async (id: string): Promise<void> => {
    const dueAt = await this.#worker.advance(id);
    if (dueAt !== undefined) void this.#wake(id, dueAt);
  };

  /** @param handlersOf the `@OnDelivery` methods that an event is for */
  async start(
    handlersOf: (event: DeliveryEvent) => readonly NamedHandler<DeliveryEvent>[],
    wanted: (type: string) => boolean,
  ): Promise<void> {
    this.#isStopped = false;
    this.#handlersOf = handlersOf;
    this.store.wanted = wanted;
    // An app may be made within a request (a serverless one): its timers and its queue outlive that.
    await detached(() => this.#begin());
  }

  async #begin(): Promise<void> {
    // The file is this process's alone: whoever held a lease is dead.
    if (!this.#options.queue) await this.store.freeLeases();
    await this.unreadable.lookAgain();
    await this.#watch.start();
    this.#local.start((id) => this.#work(id));
    await this.#startQueue();
    this.dispatcher.start();
    this.#sweeper.start();
  }

  /** Finishes what is under way, or gives it back. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    const { shutdownMs = 10_000 } = this.#options;
    await this.#watch.stop();
    const swept = this.#sweeper.stop();
    const stopped = Promise.resolve(this.#options.queue?.stop(shutdownMs));
    await Promise.all([atMost(shutdownMs + STOP_MARGIN_MS, stopped), this.#local.stop(shutdownMs)]);
    await atMost(shutdownMs + STOP_MARGIN_MS, swept);
    await this.inbox.stop();
    await this.dispatcher.stop(shutdownMs);
  }

  /** @throws InvalidDeliveryException if it is no open transaction on the database */
  async transactionOf(trx: unknown): Promise<Kysely<DeliveriesSchema>> {
    return ownTransaction(trx, this.database.owner);
  }

  /** Copies the database to a new file, while it is worked on. */
  async backup(path: string): Promise<void> {
    await this.database.backup(path);
  }

  /** Closes the database. */
  async close(): Promise<void> {
    // A webhook may have come in until the server was closed.
    await this.inbox.idle();
    this.#worker.warnUnderWay();
    await this.database.close();
  }

  /** Looks for what was lost, now: due deliveries that nobody woke, webhooks without effect, what is to be erased. */
  async sweep(): Promise<void> {
    await this.#sweeper.sweep();
  }

  /** Waits until nothing is due, no event is without effect, and no handler is to be called now: for tests. */
  async idle(): Promise<void> {
    for (let quiet = 0; quiet < 2; quiet += 1) {
      await this.#sweeper.idle();
      await this.inbox.idle();
      await this.#local.idle();
      await this.dispatcher.idle();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async metrics(): Promise<DeliveriesMetrics> {
    const { db } = this.store;
    const now = this.now();
    const states = await db
      .selectFrom('deliveries')
      .select(['state', (count) => count.fn.countAll<number | string>().as('count')])
      .groupBy('state')
      .execute();
    const [oldest] = await this.store.due(now, 1);
    const { rows } = await sql<
      Record<'unknown' | 'unmatched' | 'lost' | 'pending' | 'aside' | 'unreadable', unknown>
    >`select
      (select count(*) from deliveries where unreadable_at is not null) +
        (select count(*) from delivery_events where unreadable_at is not null) as unreadable,
      (select count(*) from delivery_attempts where outcome in ('reserved', 'unknown') and outcome = 'unknown') as unknown,
      (select count(*) from delivery_events where set_aside_at is not null) as lost,
      (select count(*) from delivery_events where source = 'webhook' and applied_at is null and set_aside_at is null and unreadable_at is null) as unmatched,
      (select count(*) from delivery_events where dispatch = 'pending' and unreadable_at is null) as pending,
      (select count(*) from delivery_events where dispatch = 'set_aside') as aside`.execute(db);
    const [counts] = rows;
    return {
      byState: byState(states),
      lagMs: oldest ? Math.max(0, now - oldest.dueAt) : 0,
      unknownAttempts: Number(counts?.unknown ?? 0),
      unmatched: Number(counts?.unmatched ?? 0),
      setAsideUnmatched: Number(counts?.lost ?? 0),
      pendingEvents: Number(counts?.pending ?? 0),
      setAsideEvents: Number(counts?.aside ?? 0),
      unreadable: Number(counts?.unreadable ?? 0),
    };
  }

  #newInbox(hooks: DeliveriesHooks): DurableInbox {
    const { store, now, wake } = this;
    return new DurableInbox({
      ...{ store, hooks, now, wake },
      clockSettled: () => this.#watch.check(),
      wakeHandlers: () => {
        this.dispatcher.wake();
      },
      unmatchedMs: (this.#options.unmatchedHours ?? 24) * 3_600_000,
    });
  }

  #newWatch(): ClockWatch {
    return new ClockWatch({
      ...{ clock: this.#clock, store: this.store, logger: this.#logger },
      shifted: (ms) => {
        this.#local.shift(ms);
        this.dispatcher.wake();
        void this.sweep();
      },
    });
  }

  #newSweeper(): Sweeper {
    return new Sweeper({
      ...{ clock: this.#clock, store: this.store, logger: this.#logger, local: this.#local },
      everyMs: (this.#options.sweepSeconds ?? 30) * 1000,
      wake: (id, at) => this.#wake(id, at),
      round: () => this.#round(),
    });
  }

  /** A queue of the host's that gives no answer must not keep the app from its start: the sweeper does its work. */
  async #startQueue(): Promise<void> {
    const { queue } = this.#options;
    if (!queue) return;
    try {
      await withTimeout(
        QUEUE_TIMEOUT_MS,
        'queue.start()',
        queue.start((id) => this.#work(id)),
      );
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      const what = 'The queue does not start: what is overdue is worked on by the sweeper. Look at what it connects to';
      say(this.#logger, 'error', logLine(what, { error: wordsOf(error) }));
    }
  }

  /** A queue that fails costs time, and nothing else: the sweeper finds the delivery. */
  async #wake(id: string, at: number): Promise<void> {
    try {
      // A timer that a queue makes for it must not carry the context of who has booked.
      const woken = detached(() => this.#queue.wake(id, at));
      const timeoutMs = this.#isQueueLost ? LOST_QUEUE_TIMEOUT_MS : QUEUE_TIMEOUT_MS;
      if (woken !== undefined) await withTimeout(timeoutMs, 'queue.wake()', woken, { keepsAlive: false });
      this.#isQueueLost = false;
    } catch (error) {
      if (this.#isQueueLost) return;
      this.#isQueueLost = true;
      const what = 'Deliveries cannot be woken: the sweeper finds them, later. Look at what the queue connects to';
      say(this.#logger, 'warn', logLine(what, { id, error: wordsOf(error) }));
    }
  }

  async #work(id: string): Promise<number | undefined> {
    try {
      return await this.#worker.advance(id);
    } catch (error) {
      if (await this.unreadable.found(error).catch(() => false)) return undefined;
      say(this.#logger, 'error', logLine('A delivery could not be worked on', { id, error: wordsOf(error) }));
      return undefined;
    }
  }

  /** What a sweep does beside feeding what is due; each part of it is bounded. */
  async #round(): Promise<void> {
    await this.#watch.check();
    await this.inbox.sweep();
    await this.#forgetOld();
    this.dispatcher.wake();
  }

  async #forgetOld(): Promise<void> {
    const { retentionDays } = this.#options;
    if (retentionDays === undefined) return;
    await eraseOld(this.store, this.now() - retentionDays * DAY_MS, ERASE_BATCH);
  }
}

function byState(rows: readonly { state: string; count: number | string }[]): Record<DeliveryState, number> {
  const counts = new Map(rows.map(({ state, count }) => [state, Number(count)]));
  const all = DELIVERY_STATES.map((state) => [state, counts.get(state) ?? 0] as const);
  return Object.fromEntries(all) as Record<DeliveryState, number>;
}
