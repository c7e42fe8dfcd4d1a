import { randomInt } from 'node:crypto';
import { REFUSAL_SHAPES, type RefusalShape } from './api/refusal.js';
import { checkScript, type DriverScript } from './simulation/driver-script.js';
import type { LalamoveSandboxOptions, SandboxAccount, SandboxUnknowns } from './sandbox.options.js';
import { LONGEST_TIMER_MS } from '../internal/timer-limit.js';
import { waitOf, type Duration } from './clock/duration.js';
import { suppliedMarkets } from './state/supplied-markets.js';
import { MARKET_CODES, marketFacts, type MarketFacts } from './state/market-facts.js';

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
  readonly validation: 'schema' | 'codes';
  readonly refusalShape: RefusalShape | undefined;
  readonly wrongCredentials: 'unauthorized' | 'bad-gateway';
  readonly webhooks: {
    readonly retryPausesMs: readonly number[];
    readonly timeoutMs: number;
    readonly earlyWaitMs: number;
  };
  readonly unknowns: SandboxUnknowns;
  readonly historyLimit: number;
  /** What the sandbox knows of a market; `undefined` for one that it does not serve. */
  marketFacts(market: string): MarketFacts | undefined;
  /** The secret of a key. */
  secretOf(apiKey: string): string | undefined;
}

const OPTIONS: Readonly<Record<keyof LalamoveSandboxOptions, true>> = {
  port: true,
  host: true,
  tls: true,
  apiKey: true,
  apiSecret: true,
  accounts: true,
  clock: true,
  seed: true,
  drivers: true,
  maxRejections: true,
  deliveryCodes: true,
  rateLimits: true,
  rateLimitHeaders: true,
  dialect: true,
  validation: true,
  refusalShape: true,
  wrongCredentials: true,
  webhooks: true,
  unknowns: true,
  historyLimit: true,
  cities: true,
};

/** The most that `randomInt` draws: so many that two sandboxes never have the same ids. */
const MAX_DRAWN_SEED = 2 ** 48 - 1;

const RETRY_PAUSES: readonly Duration[] = ['1m', '2m', '5m', '10m', '30m', '1h', '2h', '4h', '6h', '8h'];

/**
 * Fills in the defaults.
 *
 * @throws RangeError for an option that cannot be
 */
export function sandboxSettings(options: LalamoveSandboxOptions): SandboxSettings {
  const unknown = Object.keys(options).filter((name) => !Object.hasOwn(OPTIONS, name));
  if (unknown.length > 0) {
    throw new RangeError(`The sandbox has no option ${unknown.join(', ')}: it has ${Object.keys(OPTIONS).join(', ')}.`);
  }
  const { apiKey = 'pk_test_sandbox', apiSecret = 'sk_test_sandbox', accounts = [], webhooks = {} } = options;
  const all: readonly SandboxAccount[] = [{ apiKey, apiSecret }, ...accounts];
  for (const account of all) checkAccount(account);
  checkMembers('webhooks', webhooks, ['retryPauses', 'timeoutMs', 'earlyWaitMs']);
  const secrets = new Map(all.map((account) => [account.apiKey, account.apiSecret]));
  if (secrets.size < all.length) throw new RangeError('Two accounts of the sandbox have the same apiKey.');
  const supplied = options.cities === undefined ? new Map<string, MarketFacts>() : suppliedMarkets(options.cities);
  return {
    accounts: all,
    seed: options.seed ?? randomInt(1, MAX_DRAWN_SEED),
    drivers: checkScript(options.drivers ?? 'still'),
    maxRejections: fromOne('maxRejections', options.maxRejections ?? 3, 1000),
    deliveryCodes: options.deliveryCodes ?? false,
    rateLimits: oneOf('rateLimits', options.rateLimits, ['sandbox', 'production', false]),
    rateLimitHeaders: oneOf('rateLimitHeaders', options.rateLimitHeaders, ['observed', 'plain', 'plural', 'guide']),
    dialect: oneOf('dialect', options.dialect, ['v3', 'v2']),
    validation: oneOf('validation', options.validation, ['schema', 'codes']),
    refusalShape: options.refusalShape && oneOf('refusalShape', options.refusalShape, REFUSAL_SHAPES),
    wrongCredentials: oneOf('wrongCredentials', options.wrongCredentials, ['unauthorized', 'bad-gateway']),
    webhooks: {
      retryPausesMs: checkedPauses(webhooks.retryPauses ?? RETRY_PAUSES),
      timeoutMs: fromOne('webhooks.timeoutMs', webhooks.timeoutMs ?? 5000, LONGEST_TIMER_MS),
      earlyWaitMs: fromOne('webhooks.earlyWaitMs', webhooks.earlyWaitMs ?? 1000, LONGEST_TIMER_MS),
    },
    unknowns: checkedUnknowns(options.unknowns ?? {}),
    historyLimit: fromOne('historyLimit', options.historyLimit ?? 10_000, 10_000_000),
    marketFacts: (market) => supplied.get(market) ?? marketFacts(market),
    secretOf: (key) => secrets.get(key),
  };
}

function checkAccount({ apiKey, apiSecret, market }: SandboxAccount): void {
  if (!/^[^:\s]+$/.test(apiKey) || apiSecret === '') {
    throw new RangeError(`An account of the sandbox needs an apiKey without colons and blanks, and an apiSecret.`);
  }
  if (market !== undefined && !MARKET_CODES.includes(market)) {
    throw new RangeError(`The market of an account must be one of ${MARKET_CODES.join(', ')}, not ${market}.`);
  }
}

function checkMembers(name: string, given: object, known: readonly string[]): void {
  const unknown = Object.keys(given).filter((member) => !known.includes(member));
  if (unknown.length === 0) return;
  throw new RangeError(`The sandbox's option ${name} has no ${unknown.join(', ')}: it has ${known.join(', ')}.`);
}

function checkedUnknowns(given: Partial<SandboxUnknowns>): SandboxUnknowns {
  const checked: SandboxUnknowns = {
    reorderedQuotation: oneOf('unknowns.reorderedQuotation', given.reorderedQuotation, ['allowed', 'refused']),
    webhookRetries: oneOf('unknowns.webhookRetries', given.webhookRetries, ['signed-anew', 'repeated']),
    orderCreated: oneOf('unknowns.orderCreated', given.orderCreated, ['before-answer', 'after-answer']),
    metadata: oneOf('unknowns.metadata', given.metadata, ['whole-orders', 'order-only', 'every-event']),
    limitsPer: oneOf('unknowns.limitsPer', given.limitsPer, ['address', 'key', 'market']),
    refusedRequests: oneOf('unknowns.refusedRequests', given.refusedRequests, ['counted', 'ignored']),
    replacementReason: given.replacementReason,
  };
  checkMembers('unknowns', given, Object.keys(checked));
  return checked;
}

/** The first of the values is the default. */
function oneOf<const T>(name: string, value: T | undefined, values: readonly [T, ...T[]]): T {
  if (value === undefined) return values[0];
  if (values.includes(value)) return value;
  throw new RangeError(
    `The sandbox's option ${name} must be one of ${values.map(String).join(', ')}, not ${String(value)}.`,
  );
}

function fromOne(name: string, value: number, limit: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= limit) return value;
  throw new RangeError(
    `The sandbox's option ${name} must be a whole number of at least 1 and at most ${limit}, not ${value}.`,
  );
}

/** Lalamove retries ten times; more than this many pauses is a mistake. */
const MAX_PAUSES = 1000;

function checkedPauses(pauses: readonly Duration[]): number[] {
  if (pauses.length > MAX_PAUSES) {
    throw new RangeError(
      `The sandbox's option webhooks.retryPauses must be at most ${MAX_PAUSES}, not ${pauses.length}.`,
    );
  }
  return pauses.map((pause) => waitOf("The sandbox's option webhooks.retryPauses", pause));
}
