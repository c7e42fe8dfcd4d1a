import type { City } from '../api/answers/city.js';
import type { Clock } from '../internal/clock.js';
import type { RefusalShape } from './api/refusal.js';
import type { DriverScript } from './simulation/driver-script.js';
import type { Duration } from './clock/duration.js';

/** The keys of an account. */
export interface SandboxAccount {
  readonly apiKey: string;
  readonly apiSecret: string;
  /**
   * The one market that the keys belong to; they are refused in others. Any market by default.
   */
  readonly market?: string;
}

/** What Lalamove does that nobody outside knows, either way; the defaults are the worse. */
export interface SandboxUnknowns {
  /**
   * Whether one quotation can be ordered more than once.
   *
   * @default 'allowed'
   */
  readonly reorderedQuotation: 'allowed' | 'refused';
  /**
   * Whether the retry of a webhook has a timestamp and a signature of its own, or those of the first attempt.
   *
   * @default 'signed-anew'
   */
  readonly webhookRetries: 'signed-anew' | 'repeated';
  /**
   * Whether the first events of an order (`WALLET_BALANCE_CHANGED`, `ORDER_CREATED` and the first
   * `ORDER_STATUS_CHANGED`) arrive before `POST /v3/orders` is answered, or after that.
   *
   * @default 'before-answer'
   */
  readonly orderCreated: 'before-answer' | 'after-answer';
  /**
   * Whether metadata are told by the events that carry the whole order (`ORDER_CREATED`, `POD_STATUS_CHANGED`), as it
   * was seen; by no event, but the order alone; or by every event of the order.
   *
   * @default 'whole-orders'
   */
  readonly metadata: 'whole-orders' | 'order-only' | 'every-event';
  /**
   * What limits count: the requests of an address, of a key, or of a key in a market.
   *
   * @default 'address'
   */
  readonly limitsPer: 'address' | 'key' | 'market';
  /**
   * Whether a request that was refused with 429 fills the bucket as well.
   *
   * @default 'counted'
   */
  readonly refusedRequests: 'counted' | 'ignored';
  /**
   * The `cancelReason` by which an order that customer service is about to replace could be told from one that is cancelled for good.
   *
   * @default undefined
   */
  readonly replacementReason: string | undefined;
}

/** How the sandbox sends webhooks. */
export interface SandboxWebhookOptions {
  /**
   * The pauses before the retries; after the last one has failed, the URL is disabled.
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
   * How long an answer waits for the webhooks that are to arrive before it, in ms of real time: their receiver may be waiting for that very answer.
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
   * The address to listen on. The control API has no password: listen on loopback unless the network is your own.
   *
   * @default '127.0.0.1'
   */
  readonly host?: string;
  /** Listens over TLS, with this private key and certificate (PEM): for clients that know no plain HTTP. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** @default 'pk_test_sandbox' */
  readonly apiKey?: string;
  /** @default 'sk_test_sandbox' */
  readonly apiSecret?: string;
  /** Further accounts, each with a wallet and a webhook URL a market, and with orders that the others cannot see. */
  readonly accounts?: readonly SandboxAccount[];
  /**
   * Where time comes from: a `SandboxClock`, or any other `Clock`, on which the sandbox then builds one of its own.
   *
   * @default the system's clock
   */
  readonly clock?: Clock;
  /**
   * What every random choice follows from: ids, drivers, faults by chance. The same seed gives the same ids again,
   * which a database that is kept between two runs may know from the first one.
   *
   * @default another one each time; `control.info()` tells it
   */
  readonly seed?: number | string;
  /**
   * What drivers do by themselves: a script by its name, `'mixed'`, or steps; `'still'`, and orders stand still until they are told.
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
   * Whether drop-offs have a delivery code, which recipients tell their driver.
   *
   * @default false
   */
  readonly deliveryCodes?: boolean;
  /**
   * The cities, services and special requests of one market or of several, as `GET /v3/cities` answers them below `data`: load the list of your own
   * account, so that a quotation takes what Lalamove would. Markets that are not in it keep the sandbox's own. A city whose area the sandbox does not
   * know serves any place that no other city serves.
   *
   * @default plausible cities of every market
   */
  readonly cities?: readonly City[];
  /**
   * The budgets of requests a minute, as leaky buckets, and two orders a second; or none.
   *
   * @default 'sandbox'
   */
  readonly rateLimits?: 'sandbox' | 'production' | false;
  /**
   * How rate-limit headers are spelt: as each call was observed, `ratelimit-limit`, `ratelimits-limit-postorder`, or the guide's `RateLimit-Limit-Postorder`.
   *
   * @default 'observed'
   */
  readonly rateLimitHeaders?: 'observed' | 'plain' | 'plural' | 'guide';
  /**
   * Whether refusals have v3's codes and statuses, or those of v2's guide (409, bare message), which v3 was seen to answer with too.
   *
   * @default 'v3'
   */
  readonly dialect?: 'v3' | 'v2';
  /**
   * How v3 says what is wrong with a request: `'schema'` as it was recorded, all errors at once, `ERR_INVALID_FIELD` with a pointer and the allowed values;
   * `'codes'` by the older codes (`ERR_INVALID_SERVICE_TYPE`, `ERR_INVALID_PHONE_NUMBER`, …), one at a time.
   *
   * @default 'schema'
   */
  readonly validation?: 'schema' | 'codes';
  /**
   * How the bodies of refusals are written.
   *
   * @default 'list' in v3, 'message' in v2
   */
  readonly refusalShape?: RefusalShape;
  /**
   * Whether wrong credentials get the guide's 401 or the bare 502 that was observed.
   *
   * @default 'unauthorized'
   */
  readonly wrongCredentials?: 'unauthorized' | 'bad-gateway';
  /** How webhooks are sent: pauses of retries, and how long a receiver may take. */
  readonly webhooks?: SandboxWebhookOptions;
  /** What nobody outside knows of Lalamove, either way; the worse by default. */
  readonly unknowns?: Partial<SandboxUnknowns>;
  /**
   * How much is remembered of requests, log lines and webhooks that are over. Orders and quotations are kept until they are cleared.
   *
   * @default 10_000
   */
  readonly historyLimit?: number;
}
