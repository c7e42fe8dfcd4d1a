import { Logger } from '@nestjs/common';
import { sql } from 'kysely';
import { systemClock, type Clock } from '../clock.js';
import { logLine, say, wordsOf } from '../log-line.js';
import type { DeliveriesModuleOptions } from './deliveries.options.js';
import { erase, type DeliveriesMetrics } from './deliveries.service.js';
import type { DeliveryEvent } from './events/delivery-event.js';
import { DELIVERY_STATES, type DeliveryState } from './machine/delivery-course.js';
import { DEFAULT_POLICY } from './machine/delivery-policy.js';
import { withPolicy } from './machine/policy-problems.js';
import { IS_KEPT } from './store/deliveries-schema.js';
import { DeliveryStore } from './store/delivery-store.js';
import type { DeliveriesDatabase } from './store/open-database.js';
import type { AccountServices } from './work/account-services.js';
import { HORIZON_MS, InProcessQueue, type DeliveriesQueue } from './work/deliveries-queue.js';
import { DeliveryWorker } from './work/delivery-worker.js';
import { DurableInbox } from './work/durable-inbox.js';
import { HandOver, type NamedHandler } from './work/hand-over.js';

const DAY_MS = 86_400_000;

/** How soon is looked for what was booked in a transaction of the host's, in ms. */
const SOON_MS = 50;

/** How many deliveries the sweeper wakes at a time. */
const SWEEP_BATCH = 500;

/** All parts of deliveries, put together: the database, the queue, the workers, the inbox, the handlers. */
export class DeliveriesEngine {
  readonly store: DeliveryStore;
  readonly inbox: DurableInbox;
  readonly handOver: HandOver;
  readonly #options: DeliveriesModuleOptions;
  readonly #clock: Clock;
  readonly #queue: DeliveriesQueue;
  readonly #worker: DeliveryWorker;
  readonly #logger: NonNullable<DeliveriesModuleOptions['logger']>;
  #handlersOf: (event: DeliveryEvent) => readonly NamedHandler<DeliveryEvent>[] = () => [];
  #cancelSweep: () => void = () => undefined;
  #isStopped = true;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: DeliveriesDatabase,
    readonly services: AccountServices,
    options: DeliveriesModuleOptions,
  ) {
    const { clock = systemClock, hooks = {}, logger = new Logger('LalamoveDeliveries') } = options;
    this.#options = options;
    this.#clock = clock;
    this.#logger = logger;
    this.store = new DeliveryStore(database.db, withPolicy(DEFAULT_POLICY, options.policy), this.now);
    this.#queue = options.queue ?? new InProcessQueue(clock, options.concurrency ?? 16);
    this.inbox = new DurableInbox({
      store: this.store,
      hooks,
      now: this.now,
      wake: this.wake,
      wakeHandlers: () => {
        this.handOver.wake();
      },
      strangersMs: (options.strangersHours ?? 24) * 3_600_000,
    });
    this.handOver = new HandOver({
      store: this.store,
      inbox: this.inbox,
      hooks,
      clock,
      handlersOf: (event) => this.#handlersOf(event),
    });
    this.#worker = new DeliveryWorker({ store: this.store, services, hooks, logger, now: this.now, wake: this.wake });
    this.store.committed.subscribe(({ type }) => {
      if (this.store.wanted(type)) this.handOver.wake();
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
    this.#clock.setTimeout(() => {
      this.handOver.wake();
    }, SOON_MS);
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
    // The file is this process's alone: whoever held a lease is dead.
    if (!this.#options.queue) await this.store.freeLeases();
    await this.#queue.start((id) => this.#work(id));
    this.handOver.start();
    await this.sweep();
    this.#planSweep();
  }

  /** Finishes what is under way, or gives it back. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#cancelSweep();
    const { shutdownMs = 10_000 } = this.#options;
    await this.#queue.stop(shutdownMs);
    await this.#sweeping;
    await this.inbox.stop();
    await this.handOver.stop(shutdownMs);
  }

  /** Copies the database to a new file, while it is worked on. */
  async backup(path: string): Promise<void> {
    await this.database.backup(path);
  }

  /** Closes the database. */
  async close(): Promise<void> {
    // A webhook may have come in until the server was closed.
    await this.inbox.idle();
    this.#worker.sayUnderWay();
    await this.database.close();
  }

  /**
   * Looks for what was lost: due deliveries that nobody woke, webhooks without effect, what is to be erased.
   *
   * @param overdueMs what has been due for so long is not left to a queue of the host's again: it is worked on here
   */
  async sweep(overdueMs = Infinity): Promise<void> {
    await this.inbox.sweep();
    for (const { id, dueAt } of await this.store.due(this.now() + HORIZON_MS, SWEEP_BATCH)) {
      if (this.#options.queue && dueAt <= this.now() - overdueMs) await this.#work(id);
      else await this.#wake(id, dueAt);
    }
    await this.#forgetOld();
    this.handOver.wake();
  }

  /** Waits until nothing is due, no event is without effect, and no handler is to be called now: for tests. */
  async idle(): Promise<void> {
    for (let quiet = 0; quiet < 2; quiet += 1) {
      await this.#sweeping;
      await this.inbox.idle();
      if (this.#queue instanceof InProcessQueue) await this.#queue.idle();
      await this.handOver.idle();
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
    const { rows } = await sql<Record<'unknown' | 'strangers' | 'lost' | 'pending' | 'aside', unknown>>`select
      (select count(*) from delivery_attempts where outcome in ('reserved', 'unknown') and outcome = 'unknown') as unknown,
      (select count(*) from delivery_events where set_aside_at is not null) as lost,
      (select count(*) from delivery_events where source = 'webhook' and applied_at is null and set_aside_at is null) as strangers,
      (select count(*) from delivery_events where hand_over = 'pending') as pending,
      (select count(*) from delivery_events where hand_over = 'set_aside') as aside`.execute(db);
    const [counts] = rows;
    return {
      byState: byState(states),
      lagMs: oldest ? Math.max(0, now - oldest.dueAt) : 0,
      unknownAttempts: Number(counts?.unknown ?? 0),
      strangers: Number(counts?.strangers ?? 0),
      setAsideStrangers: Number(counts?.lost ?? 0),
      pendingEvents: Number(counts?.pending ?? 0),
      setAsideEvents: Number(counts?.aside ?? 0),
    };
  }

  /** A queue that fails costs time, and nothing else: the sweeper finds the delivery. */
  async #wake(id: string, at: number): Promise<void> {
    try {
      await this.#queue.wake(id, at);
    } catch (error) {
      say(this.#logger, 'warn', logLine('A delivery could not be woken', { id, error: wordsOf(error) }));
    }
  }

  async #work(id: string): Promise<number | undefined> {
    try {
      return await this.#worker.advance(id);
    } catch (error) {
      say(this.#logger, 'error', logLine('A delivery could not be worked on', { id, error: wordsOf(error) }));
      return undefined;
    }
  }

  #planSweep(): void {
    if (this.#isStopped) return;
    const sweepMs = (this.#options.sweepSeconds ?? 30) * 1000;
    this.#cancelSweep = this.#clock.setTimeout(() => {
      this.#sweeping = this.sweep(sweepMs).catch((error: unknown) => {
        say(this.#logger, 'error', logLine('The sweep of deliveries failed', { error: wordsOf(error) }));
      });
      this.#planSweep();
    }, sweepMs);
  }

  async #forgetOld(): Promise<void> {
    const { retentionDays } = this.#options;
    if (retentionDays === undefined) return;
    const before = this.now() - retentionDays * DAY_MS;
    const old = await this.store.db
      .selectFrom('deliveries')
      .select('id')
      .where(IS_KEPT)
      .where('updated_at', '<', before)
      .limit(SWEEP_BATCH)
      .execute();
    for (const { id } of old) await this.store.write((trx) => erase(trx, id));
  }
}

function byState(rows: readonly { state: string; count: number | string }[]): Record<DeliveryState, number> {
  const counts = new Map(rows.map(({ state, count }) => [state, Number(count)]));
  const all = DELIVERY_STATES.map((state) => [state, counts.get(state) ?? 0] as const);
  return Object.fromEntries(all) as Record<DeliveryState, number>;
}
