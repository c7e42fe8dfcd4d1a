import { randomUUID } from 'node:crypto';
import type { SandboxSettings } from '../sandbox-settings.js';
import { ChangeTracker } from '../change-tracker.js';
import { SandboxLog } from '../sandbox-log.js';
import { ClockFollowers } from '../clock/clock-followers.js';
import type { SandboxClock } from '../clock/sandbox-clock.js';
import { Scheduler } from '../simulation/scheduler.js';
import { tenantOf, type SandboxEvent } from '../simulation/sandbox-event.js';
import type { MarketFacts } from './market-facts.js';
import { formatAmount } from './money.js';
import type { OrderEntry } from './order-entry.js';
import { Random } from './random.js';
import { emptyState, type SandboxState } from './sandbox-state.js';
import { tenantKey, type Tenant } from './tenant.js';

/** What a snapshot holds. */
export interface Snapshot {
  readonly now: number;
  readonly random: ReadonlyMap<string, number>;
  readonly state: SandboxState;
}

/** Ids have 19 digits and fit into 63 bits. */
const FIRST_ID = 3n * 10n ** 18n;
const ID_RANGE = 6n * 10n ** 18n;

/** What all parts of the sandbox share: settings, state, scheduler, clock, random numbers and log. */
export class SandboxWorld {
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly log: SandboxLog;
  /** What has changed, for the sandbox's page. */
  readonly changes = new ChangeTracker();
  /** Differs from one sandbox to the next, also on the same port. */
  readonly instance = randomUUID();
  /** The apps in other processes that follow the clock. */
  readonly followers: ClockFollowers;
  /** The URL at which the sandbox listens, for the links in its answers. */
  url = '';
  state: SandboxState;
  readonly #listeners: ((sandboxEvent: SandboxEvent) => void)[] = [];

  constructor(
    readonly settings: SandboxSettings,
    readonly clock: SandboxClock,
  ) {
    this.random = new Random(settings.seed);
    this.scheduler = new Scheduler(clock);
    this.log = new SandboxLog(() => clock.now(), settings.historyLimit);
    this.followers = new ClockFollowers(clock);
    this.state = this.#beginning();
  }

  /** A new id of 19 digits, larger than all ids before it. It exceeds `Number.MAX_SAFE_INTEGER`, as Lalamove's do. */
  nextId(): string {
    this.state.lastId += BigInt(1 + this.random.below('ids', 4096));
    return String(this.state.lastId);
  }

  /**
   * The facts of a market.
   *
   * @throws RangeError if the sandbox does not serve it
   */
  facts({ market }: Pick<Tenant, 'market'>): MarketFacts {
    const facts = this.settings.marketFacts(market);
    if (!facts) throw new RangeError(`The sandbox does not serve a market ${market}.`);
    return facts;
  }

  /** Logs an event and passes it to all listeners. */
  emit(sandboxEvent: SandboxEvent): void {
    const tenant = tenantOf(sandboxEvent);
    const what =
      'entry' in sandboxEvent
        ? { orderId: sandboxEvent.entry.order.orderId, now: sandboxEvent.entry.order.status }
        : { now: formatAmount(this.state.wallets.get(tenantKey(tenant))?.balance ?? 0, this.facts(tenant)) };
    if ('entry' in sandboxEvent) this.touchOrder(sandboxEvent.entry);
    this.log.add({ kind: 'event', type: sandboxEvent.type, market: tenant.market, ...what });
    for (const listener of this.#listeners) listener(sandboxEvent);
  }

  /** Notes that an order has changed. */
  touchOrder({ order }: OrderEntry): void {
    this.changes.touch('order', order.orderId);
  }

  onEvent(listener: (sandboxEvent: SandboxEvent) => void): void {
    this.#listeners.push(listener);
  }

  snapshot(): Snapshot {
    const state = structuredClone({ ...this.state, scheduler: this.scheduler.items });
    return { now: this.clock.now(), random: this.random.states, state };
  }

  /** Restores a snapshot, including the time. */
  restore({ now, random, state }: Snapshot): void {
    this.clock.set(now);
    this.random.restore(random);
    this.state = structuredClone(state);
    this.scheduler.replace(this.state.scheduler);
    this.changes.touchAll();
  }

  /** Deletes everything that happened. The time, the random sequence and the ids continue. */
  clear(): void {
    this.state = emptyState(this.state);
    this.scheduler.replace([]);
    this.log.clear();
    this.changes.touchAll();
  }

  #beginning(): SandboxState {
    const lastId = FIRST_ID + this.random.big('ids', ID_RANGE);
    return emptyState({ lastId, lastCourier: 80_000, script: this.settings.drivers });
  }
}
