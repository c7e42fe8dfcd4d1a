import { passed, type Clock } from '../../internal/clock.js';
import type { RateLimit } from './leaky-bucket.js';
import { OwnShare, type Outage } from './own-share.js';
import { InMemoryRateLimitStore, type LalamoveRateLimitStore } from './rate-limit.store.js';

/** How long a store may take to answer, in ms. */
const TIMEOUT_MS = 2000;

/** How long a store that has failed is left alone, in ms, so that calls do not wait for it one by one. */
const PAUSE_MS = 5000;

/** What a guarded store needs. */
export interface GuardedStoreContext {
  /** @default an `InMemoryRateLimitStore` */
  readonly store?: LalamoveRateLimitStore | undefined;
  readonly clock: Clock;
  /** Among how many processes the limits are divided while the store fails. */
  readonly processes: number;
  /** Called with each error of the store. */
  readonly failed: (error: unknown) => void;
  /** Called when it works again. */
  readonly recovered: () => void;
  /** Returns a number from 0 to 1. */
  readonly random: () => number;
}

/** The arguments of `take`. */
interface Asked {
  readonly limits: readonly RateLimit[];
  readonly ahead: number;
}

/** The host's store, or the default one. While the host's fails or is too slow, this process uses its own share. */
export class GuardedStore {
  readonly #context: GuardedStoreContext;
  readonly #store: LalamoveRateLimitStore;
  readonly #own: OwnShare;
  #outage: Outage | undefined;
  /** When the store is asked again, in elapsed ms. */
  #askAt = 0;

  constructor(context: GuardedStoreContext) {
    this.#context = context;
    this.#store = context.store ?? new InMemoryRateLimitStore();
    this.#own = new OwnShare(context.processes);
  }

  /** Whether the limits are counted in this process alone. */
  get isLocal(): boolean {
    return this.#store instanceof InMemoryRateLimitStore;
  }

  /**
   * Takes a slot of each limit, or none at all. It never throws or rejects.
   *
   * @param ahead how many calls go first; above 0, nothing is taken
   * @returns how long the call has to wait, in ms; 0 if it has taken its slots
   */
  take(limits: readonly RateLimit[], ahead: number): number | Promise<number> {
    const asked = { limits, ahead };
    if (this.#outage) {
      if (passed(this.#context.clock) < this.#askAt) return this.#takeOwn(asked, this.#outage);
      // Only this call tries whether the store works again.
      this.#pause();
    }
    try {
      const wait = this.#ask(asked);
      return typeof wait === 'number' ? this.#checked(wait, asked) : this.#awaited(wait, asked);
    } catch (error) {
      return this.#failed(error, asked);
    }
  }

  /** Corrects a limit by an answer of Lalamove: its bucket will not be empty before `emptyAt`, in Unix ms. */
  raise(limit: RateLimit, emptyAt: number): void {
    const { clock, failed } = this.#context;
    if (!this.isLocal) this.#own.correct(limit, emptyAt);
    if (this.#outage) return;
    try {
      const raised = this.#store.raise(limit, emptyAt, clock.now());
      if (raised !== undefined) Promise.resolve(raised).catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  /** Asks the store. After an outage it is first told what was used meanwhile; else there would be a burst. */
  #ask({ limits, ahead }: Asked): number | Promise<number> {
    const { clock } = this.#context;
    const used = this.#own.hasUnreported ? this.#own.unreported(limits) : [];
    if (used.length === 0) return this.#store.take(limits, clock.now(), ahead);
    const report = async (): Promise<number> => {
      for (const { limit, emptyAt } of used) await this.#store.raise(limit, emptyAt, clock.now());
      this.#own.reported(limits);
      return this.#store.take(limits, clock.now(), ahead);
    };
    return report();
  }

  #awaited(wait: Promise<number>, asked: Asked): Promise<number> {
    return new Promise((resolve) => {
      let isSettled = false;
      const settle = (answer: () => number): void => {
        if (isSettled) return;
        isSettled = true;
        cancel();
        resolve(answer());
      };
      const cancel = this.#context.clock.setTimeout(() => {
        settle(() => this.#failed(new Error(`no answer within ${TIMEOUT_MS} ms`), asked));
      }, TIMEOUT_MS);
      Promise.resolve(wait).then(
        (waitMs) => {
          settle(() => this.#checked(waitMs, asked));
        },
        (error: unknown) => {
          settle(() => this.#failed(error, asked));
        },
      );
    });
  }

  #checked(wait: unknown, asked: Asked): number {
    if (typeof wait !== 'number' || !Number.isFinite(wait) || wait < 0) {
      return this.#failed(new TypeError(`take() returned ${String(wait)}, not a number of ms from 0`), asked);
    }
    if (this.#outage) {
      this.#outage = undefined;
      this.#context.recovered();
    }
    return wait;
  }

  #failed(error: unknown, asked: Asked): number {
    const { clock, failed, random } = this.#context;
    this.#outage ??= { since: clock.now(), phase: random() };
    this.#pause();
    failed(error);
    return this.#takeOwn(asked, this.#outage);
  }

  #pause(): void {
    this.#askAt = passed(this.#context.clock) + PAUSE_MS;
  }

  #takeOwn({ limits, ahead }: Asked, outage: Outage): number {
    return this.#own.take(limits, this.#context.clock.now(), ahead, outage);
  }
}
