import type { MapTiles } from '../pages/page-headers.js';
import type { City } from '../api/answers/city.js';
import type { Clock } from '../internal/clock.js';
import type { RefusalShape } from './api/refusal.js';
import type { DriverScript } from './simulation/driver-script.js';
import type { Duration } from './clock/duration.js';

/** The keys of an account. */
export interface SandboxAccount {
  readonly apiKey: string;
  readonly apiSecret: string;
  /** The only market in which the keys are valid. By default they are valid in every market. */
  readonly market?: string;
}

/** Behaviour of Lalamove that is not publicly known. Each default is the worse case for an integration. */
export interface SandboxUnknowns {
  /**
   * Whether one quotation can be ordered more than once.
   *
   * @default 'allowed'
   */
  readonly reorderedQuotation: 'allowed' | 'refused';
  /**
   * Whether the retry of a webhook has a new timestamp and signature, or those of the first attempt.
   *
   * @default 'signed-anew'
   */
  readonly webhookRetries: 'signed-anew' | 'repeated';
  /**
   * Whether the first events of an order (`WALLET_BALANCE_CHANGED`, `ORDER_CREATED` and the first
   * `ORDER_STATUS_CHANGED`) arrive before or after the answer to `POST /v3/orders`.
   *
   * @default 'before-answer'
   */
  readonly orderCreated: 'before-answer' | 'after-answer';
  /**
   * Which events contain the metadata. `'whole-orders'`: those with the whole order (`ORDER_CREATED`,
   * `POD_STATUS_CHANGED`), as observed. `'order-only'`: none, only the order itself. `'every-event'`: all events of the
   * order.
   *
   * @default 'whole-orders'
   */
  readonly metadata: 'whole-orders' | 'order-only' | 'every-event';
  /**
   * Whether rate limits count the requests of an IP address, of a key, or of a key in a market.
   *
   * @default 'address'
   */
  readonly limitsPer: 'address' | 'key' | 'market';
  /**
   * Whether a request that was refused with 429 counts towards the limit.
   *
   * @default 'counted'
   */
  readonly refusedRequests: 'counted' | 'ignored';
  /**
   * The `cancelReason` of an order that customer service is about to replace. It can distinguish such an order from one
   * that is cancelled for good.
   *
   * @default undefined
   */
  readonly replacementReason: string | undefined;
}

/** How the sandbox sends webhooks. */
export interface SandboxWebhookOptions {
  /**
   * The pauses before the retries. If the last retry fails, the URL is disabled.
   *
   * @default ten, from 1 minute to 8 hours, within 24 hours
   */
  readonly retryPauses?: readonly Duration[];
  /**
   * How long a receiver may take to answer, in ms of real time.
   *
   * @default 5000
   */
  readonly timeoutMs?: number;
  /**
   * How long an answer waits for the webhooks that must arrive before it, in ms of real time. The wait is limited,
   * because the receiver may itself be waiting for this answer.
   *
   * @default 1000
   */
  readonly earlyWaitMs?: number;
}

/** Options of `LalamoveSandbox.start`. */
export interface LalamoveSandboxOptions {
  /**
   * The port; 0 takes a free one.
   *
   * @default 0
   */
  readonly port?: number;
  /**
   * The address to listen on. The control API has no password: listen on loopback unless the network is private.
   *
   * @default '127.0.0.1'
   */
  readonly host?: string;
  /** Private key and certificate in PEM. The sandbox then listens over TLS, for clients that cannot use plain HTTP. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** @default 'pk_test_sandbox' */
  readonly apiKey?: string;
  /** @default 'sk_test_sandbox' */
  readonly apiSecret?: string;
  /** More accounts. Each has its own wallet and webhook URL in each market, and cannot see the orders of the others. */
  readonly accounts?: readonly SandboxAccount[];
  /**
   * The clock: a `SandboxClock`, or any other `Clock`. On another clock the sandbox builds a `SandboxClock` of its own.
   *
   * @default the system's clock
   */
  readonly clock?: Clock;
  /**
   * The seed of all random choices: ids, drivers, faults by probability. The same seed gives the same ids again. Do not
   * fix it if your app keeps a database between two runs, because the database may know the ids of the first run.
   *
   * @default a new one each time; `control.info()` returns it
   */
  readonly seed?: number | string;
  /**
   * What drivers do by themselves: the name of a script, `'mixed'`, or a list of steps. With `'still'` orders stand
   * still until you move them.
   *
   * @default 'still'
   */
  readonly drivers?: DriverScript;
  /**
   * How many drivers give an order back before it is `REJECTED`.
   *
   * @default 3
   */
  readonly maxRejections?: number;
  /**
   * Whether drop-offs have a delivery code, which the recipient tells the driver.
   *
   * @default false
   */
  readonly deliveryCodes?: boolean;
  /**
   * The cities, services and special requests of one or several markets, in the form of the `data` of `GET /v3/cities`.
   * Load the list of your own account, so that the sandbox accepts the same quotations as Lalamove. Markets that are
   * not in the list keep the built-in cities. A city with an unknown area serves every place that no other city serves.
   *
   * @default plausible cities of every market
   */
  readonly cities?: readonly City[];
  /**
   * The rate limits: requests a minute as leaky buckets, and two orders a second. `false` turns them off.
   *
   * @default 'sandbox'
   */
  readonly rateLimits?: 'sandbox' | 'production' | false;
  /**
   * The spelling of rate-limit headers: as observed for each call, `ratelimit-limit`, `ratelimits-limit-postorder`, or
   * `RateLimit-Limit-Postorder` as in the guide.
   *
   * @default 'observed'
   */
  readonly rateLimitHeaders?: 'observed' | 'plain' | 'plural' | 'guide';
  /**
   * Whether refusals have the codes and statuses of v3, or those of the guide of v2 (409, a bare message). Some real
   * answers of v3 have the form of v2 (observed).
   *
   * @default 'v3'
   */
  readonly dialect?: 'v3' | 'v2';
  /**
   * How v3 reports an invalid request. `'schema'`: as recorded, all errors at once, `ERR_INVALID_FIELD` with a pointer
   * and the allowed values. `'codes'`: the older codes (`ERR_INVALID_SERVICE_TYPE`, `ERR_INVALID_PHONE_NUMBER`, …), one
   * at a time.
   *
   * @default 'schema'
   */
  readonly validation?: 'schema' | 'codes';
  /**
   * The form of error bodies.
   *
   * @default 'list' in v3, 'message' in v2
   */
  readonly refusalShape?: RefusalShape;
  /**
   * Whether wrong credentials get the documented 401 or the bare 502 that was observed.
   *
   * @default 'unauthorized'
   */
  readonly wrongCredentials?: 'unauthorized' | 'bad-gateway';
  /** How webhooks are sent: the pauses of retries, and how long a receiver may take. */
  readonly webhooks?: SandboxWebhookOptions;
  /** Behaviour of Lalamove that is not publicly known. Each default is the worse case. */
  readonly unknowns?: Partial<SandboxUnknowns>;
  /**
   * How many requests, log lines and finished webhooks are kept. Orders and quotations are kept until they are cleared.
   *
   * @default 10_000
   */
  readonly historyLimit?: number;
  /** A tile server for the maps of the page, which then asks this server, too. Without one, maps are a grid. */
  readonly tiles?: MapTiles;
}
