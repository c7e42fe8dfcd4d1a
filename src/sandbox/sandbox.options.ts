import type { Clock } from '../clock.js';
import type { RefusalShape } from './api/refusal.js';
import { checkedScript, type DriverScript } from './life/driver-script.js';
import { milliseconds, type Duration } from './time/duration.js';

/** The keys of an account. */
export interface SandboxAccount {
  readonly apiKey: string;
  readonly apiSecret: string;
  /**
   * The one market that the keys belong to; they are refused in others. Any market by default.
   */
  readonly market?: string;
}

/** What nobody outside knows of Lalamove (`lalamove-api.md` §6), either way; the defaults are the worse. */
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
   * Whether `ORDER_CREATED` arrives before `POST /v3/orders` is answered, or after that.
   *
   * @default 'before-answer'
   */
  readonly orderCreated: 'before-answer' | 'after-answer';
  /**
   * Whether metadata are told by the order alone, by `ORDER_CREATED` too, or by every event of the order.
   *
   * @default 'order-only'
   */
  readonly metadata: 'order-only' | 'first-event' | 'every-event';
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
   * What every random choice follows from: ids, drivers, faults by chance.
   *
   * @default 1
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
  /** How the bodies of refusals are written, whatever their dialect. */
  readonly refusalShape?: RefusalShape;
  /**
   * Whether wrong credentials get the guide's 401 or the bare 502 that was observed.
   *
   * @default 'unauthorized'
   */
  readonly wrongCredentials?: 'unauthorized' | 'bad-gateway';
  readonly webhooks?: SandboxWebhookOptions;
  readonly unknowns?: Partial<SandboxUnknowns>;
  /**
   * How much is remembered of requests, log lines and webhooks that are over. Orders and quotations are kept until they are cleared.
   *
   * @default 10_000
   */
  readonly historyLimit?: number;
}

/** The options with their defaults, checked. */
export interface SandboxSettings {
  readonly accounts: readonly SandboxAccount[];
  readonly seed: number | string;
  readonly drivers: DriverScript;
  readonly maxRejections: number;
  readonly deliveryCodes: boolean;
  readonly rateLimits: 'sandbox' | 'production' | false;
  readonly rateLimitHeaders: 'observed' | 'plain' | 'plural' | 'guide';
  readonly dialect: 'v3' | 'v2';
  readonly refusalShape: RefusalShape | undefined;
  readonly wrongCredentials: 'unauthorized' | 'bad-gateway';
  readonly webhooks: {
    readonly retryPausesMs: readonly number[];
    readonly timeoutMs: number;
    readonly earlyWaitMs: number;
  };
  readonly unknowns: SandboxUnknowns;
  readonly historyLimit: number;
  /** The secret of a key. */
  secretOf(apiKey: string): string | undefined;
}

const RETRY_PAUSES: readonly Duration[] = ['1m', '2m', '5m', '10m', '30m', '1h', '2h', '4h', '6h', '8h'];

const UNKNOWNS: SandboxUnknowns = {
  reorderedQuotation: 'allowed',
  webhookRetries: 'signed-anew',
  orderCreated: 'before-answer',
  metadata: 'order-only',
  limitsPer: 'address',
  refusedRequests: 'counted',
  replacementReason: undefined,
};

/**
 * Fills in the defaults.
 *
 * @throws RangeError for an option that cannot be
 */
export function sandboxSettings(options: LalamoveSandboxOptions): SandboxSettings {
  const { apiKey = 'pk_test_sandbox', apiSecret = 'sk_test_sandbox', accounts = [], webhooks = {} } = options;
  const all: readonly SandboxAccount[] = [{ apiKey, apiSecret }, ...accounts];
  const secrets = new Map(all.map((account) => [account.apiKey, account.apiSecret]));
  if (secrets.size < all.length) throw new RangeError('Two accounts of the sandbox have the same apiKey.');
  return {
    accounts: all,
    seed: options.seed ?? 1,
    drivers: checkedScript(options.drivers ?? 'still'),
    maxRejections: atLeastOne('maxRejections', options.maxRejections ?? 3),
    deliveryCodes: options.deliveryCodes ?? false,
    rateLimits: oneOf('rateLimits', options.rateLimits, ['sandbox', 'production', false]),
    rateLimitHeaders: oneOf('rateLimitHeaders', options.rateLimitHeaders, ['observed', 'plain', 'plural', 'guide']),
    dialect: oneOf('dialect', options.dialect, ['v3', 'v2']),
    refusalShape: options.refusalShape,
    wrongCredentials: oneOf('wrongCredentials', options.wrongCredentials, ['unauthorized', 'bad-gateway']),
    webhooks: {
      retryPausesMs: (webhooks.retryPauses ?? RETRY_PAUSES).map(milliseconds),
      timeoutMs: atLeastOne('webhooks.timeoutMs', webhooks.timeoutMs ?? 5000),
      earlyWaitMs: atLeastOne('webhooks.earlyWaitMs', webhooks.earlyWaitMs ?? 1000),
    },
    unknowns: { ...UNKNOWNS, ...options.unknowns },
    historyLimit: atLeastOne('historyLimit', options.historyLimit ?? 10_000),
    secretOf: (key) => secrets.get(key),
  };
}

/** The first of the values is the default. */
function oneOf<T>(name: string, value: T | undefined, values: readonly [T, ...T[]]): T {
  if (value === undefined) return values[0];
  if (values.includes(value)) return value;
  throw new RangeError(
    `The sandbox's option ${name} must be one of ${values.map(String).join(', ')}, not ${String(value)}.`,
  );
}

function atLeastOne(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new RangeError(`The sandbox's option ${name} must be a whole number of at least 1, not ${value}.`);
}
