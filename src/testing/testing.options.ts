import type { LalamoveModuleOptions } from '../lalamove.options.js';
import type { SandboxClock } from '../sandbox/clock/sandbox-clock.js';
import type { LalamoveSandboxOptions } from '../sandbox/sandbox.options.js';
import type { LalamoveWebhookOptions } from '../webhooks/webhook.options.js';

/** What all forms of `LalamoveTestingModule` share: the options of the sandbox, with other defaults. */
export interface LalamoveSandboxedOptions extends Omit<LalamoveSandboxOptions, 'clock'> {
  /**
   * The clock of the sandbox and of all modules. Inject it as `SandboxClock`.
   *
   * @default a new one at the time of the system, in real time
   */
  readonly clock?: SandboxClock;
  /**
   * The rate limits of the sandbox. `false` turns them off, and those of the client too.
   *
   * @default false, unlike the sandbox by itself
   */
  readonly rateLimits?: 'sandbox' | 'production' | false;
  /**
   * The market of accounts that have none: two letters.
   *
   * @default 'HK'
   */
  readonly market?: string;
}

/** Options of `LalamoveTestingModule.forRoot`. */
export interface LalamoveTestingOptions extends LalamoveSandboxedOptions {
  /**
   * The webhook endpoint, as in `LalamoveModule`. Once the app listens, the sandbox sends webhooks to it.
   *
   * @default none
   */
  readonly webhook?: LalamoveWebhookOptions;
  /**
   * Whether `DeliveriesModule` is imported too, with its database in memory: it needs kysely and libsql. For its
   * options, import `DeliveriesModule.forRoot(…)` beside this module instead.
   *
   * @default false
   */
  readonly deliveries?: boolean;
  /** More options of `LalamoveModule`, such as `errors`, `hooks` or `name`. */
  readonly account?: Partial<LalamoveModuleOptions>;
}

/** Options of `LalamoveTestingModule.forApp`. */
export interface LalamoveTestedAppOptions extends LalamoveSandboxedOptions {
  /**
   * Where the app's `DeliveriesModule` stores deliveries. `'memory'`: in memory, by libsql, with timers of this process
   * instead of a queue. `'own'`: in the file or the database of the app's options, with its queue.
   *
   * @default 'memory'
   */
  readonly storage?: 'memory' | 'own';
}
