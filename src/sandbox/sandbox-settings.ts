import { randomInt } from 'node:crypto';
import { REFUSAL_SHAPES, type RefusalShape } from './api/refusal.js';
import { checkScript, type DriverScript } from './simulation/driver-script.js';
import type {
  LalamoveSandboxOptions,
  SandboxAccount,
  SandboxUnknowns,
  SandboxWebhookOptions,
} from './sandbox.options.js';
import { isRecord } from '../internal/is-record.js';
import { LONGEST_TIMER_MS } from '../internal/timer-limit.js';
import { validateOptions, type OptionCheck, type OptionChecks } from '../internal/validate-options.js';
import { isOneOf, isWholeFrom } from '../internal/value-checks.js';
import { tilesProblem, type MapTiles } from '../pages/page-headers.js';
import { milliseconds, WAIT_CHECK, type Duration } from './clock/duration.js';
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
  readonly tiles: MapTiles | undefined;
  /** The data of a market; `undefined` if the sandbox does not serve it. */
  marketFacts(market: string): MarketFacts | undefined;
  /** The secret of a key. */
  secretOf(apiKey: string): string | undefined;
}

/** The secret of a sandbox without options. It is in the documents, so it is no secret. */
export const DEFAULT_SECRET = 'sk_test_sandbox';

/** The upper limit of `randomInt`. With so many seeds two sandboxes never have the same ids. */
const MAX_DRAWN_SEED = 2 ** 48 - 1;

const RETRY_PAUSES: readonly Duration[] = ['1m', '2m', '5m', '10m', '30m', '1h', '2h', '4h', '6h', '8h'];

/** Lalamove retries ten times. A list with more pauses than this is a mistake. */
const MAX_PAUSES = 1000;

/** Options that are not checked here. Their types define them, or the code that reads them checks them. */
const UNCHECKED: OptionCheck = { holds: () => true, remedy: '' };

const CHECKS: OptionChecks<keyof LalamoveSandboxOptions> = {
  port: UNCHECKED,
  host: UNCHECKED,
  tls: UNCHECKED,
  apiKey: UNCHECKED,
  apiSecret: UNCHECKED,
  accounts: { holds: Array.isArray, remedy: 'must be a list of { apiKey, apiSecret, market? }' },
  clock: UNCHECKED,
  seed: UNCHECKED,
  drivers: UNCHECKED,
  maxRejections: wholeUpTo(1000),
  deliveryCodes: UNCHECKED,
  rateLimits: oneOf('sandbox', 'production', false),
  rateLimitHeaders: oneOf('observed', 'plain', 'plural', 'guide'),
  dialect: oneOf('v3', 'v2'),
  validation: oneOf('schema', 'codes'),
  refusalShape: oneOf(...REFUSAL_SHAPES),
  wrongCredentials: oneOf('unauthorized', 'bad-gateway'),
  webhooks: objectOf<SandboxWebhookOptions>({
    retryPauses: {
      holds: (value) => Array.isArray(value) && value.length <= MAX_PAUSES && value.every(WAIT_CHECK.holds),
      remedy: pausesRemedy,
    },
    timeoutMs: wholeUpTo(LONGEST_TIMER_MS),
    earlyWaitMs: wholeUpTo(LONGEST_TIMER_MS),
  }),
  unknowns: objectOf<SandboxUnknowns>({
    reorderedQuotation: oneOf('allowed', 'refused'),
    webhookRetries: oneOf('signed-anew', 'repeated'),
    orderCreated: oneOf('before-answer', 'after-answer'),
    metadata: oneOf('whole-orders', 'order-only', 'every-event'),
    limitsPer: oneOf('address', 'key', 'market'),
    refusedRequests: oneOf('counted', 'ignored'),
    replacementReason: UNCHECKED,
  }),
  historyLimit: wholeUpTo(10_000_000),
  tiles: { holds: (value) => tilesProblem(value) === undefined, remedy: (value) => tilesProblem(value) ?? '' },
  cities: UNCHECKED,
};

/**
 * Fills in the defaults.
 *
 * @throws RangeError that lists the wrong options
 */
export function sandboxSettings(options: LalamoveSandboxOptions): SandboxSettings {
  refuse(optionProblems(options));
  refuse(accountProblems(options));
  const { webhooks = {} } = options;
  const accounts = accountsOf(options);
  const secrets = new Map(accounts.map((account) => [account.apiKey, account.apiSecret]));
  const supplied = options.cities === undefined ? new Map<string, MarketFacts>() : suppliedMarkets(options.cities);
  return {
    accounts,
    seed: options.seed ?? randomInt(1, MAX_DRAWN_SEED),
    drivers: checkScript(options.drivers ?? 'still'),
    maxRejections: options.maxRejections ?? 3,
    deliveryCodes: options.deliveryCodes ?? false,
    rateLimits: options.rateLimits ?? 'sandbox',
    rateLimitHeaders: options.rateLimitHeaders ?? 'observed',
    dialect: options.dialect ?? 'v3',
    validation: options.validation ?? 'schema',
    refusalShape: options.refusalShape,
    wrongCredentials: options.wrongCredentials ?? 'unauthorized',
    webhooks: {
      retryPausesMs: (webhooks.retryPauses ?? RETRY_PAUSES).map(milliseconds),
      timeoutMs: webhooks.timeoutMs ?? 5000,
      earlyWaitMs: webhooks.earlyWaitMs ?? 1000,
    },
    unknowns: unknownsOf(options.unknowns ?? {}),
    historyLimit: options.historyLimit ?? 10_000,
    tiles: options.tiles,
    marketFacts: (market) => supplied.get(market) ?? marketFacts(market),
    secretOf: (key) => secrets.get(key),
  };
}

/** @throws RangeError that lists the problems, if there are any */
function refuse(problems: readonly string[]): void {
  if (problems.length > 0) throw new RangeError(problems.join(' '));
}

function unknownsOf(given: Partial<SandboxUnknowns>): SandboxUnknowns {
  return {
    reorderedQuotation: given.reorderedQuotation ?? 'allowed',
    webhookRetries: given.webhookRetries ?? 'signed-anew',
    orderCreated: given.orderCreated ?? 'before-answer',
    metadata: given.metadata ?? 'whole-orders',
    limitsPer: given.limitsPer ?? 'address',
    refusedRequests: given.refusedRequests ?? 'counted',
    replacementReason: given.replacementReason,
  };
}

function optionProblems(options: unknown): string[] {
  const problems = validateOptions(options, CHECKS, {
    notAnObject: 'needs an object of options',
    unknown: (names, known, prefix) => {
      const what = prefix === '' ? 'option ' : '';
      const message = `has no ${what}${names.join(', ')}: it has ${known.join(', ')}`;
      return [{ option: prefix.slice(0, -1), message }];
    },
  });
  return problems.map(({ option, message }) =>
    option === '' ? `The sandbox ${message}.` : `The sandbox's option ${option} ${message}.`,
  );
}

function accountsOf({
  apiKey = 'pk_test_sandbox',
  apiSecret = DEFAULT_SECRET,
  accounts = [],
}: LalamoveSandboxOptions): readonly SandboxAccount[] {
  return [{ apiKey, apiSecret }, ...accounts];
}

function accountProblems(options: LalamoveSandboxOptions): string[] {
  const accounts = accountsOf(options);
  const isDouble = new Set(accounts.map(({ apiKey }) => apiKey)).size < accounts.length;
  return [
    ...accounts.flatMap(problemsOfAccount),
    ...(isDouble ? ['Two accounts of the sandbox have the same apiKey.'] : []),
  ];
}

function problemsOfAccount({ apiKey, apiSecret, market }: SandboxAccount): string[] {
  const isWhole = /^[^:\s]+$/.test(apiKey) && apiSecret !== '';
  const isServed = market === undefined || MARKET_CODES.includes(market);
  return [
    ...(isWhole ? [] : ['An account of the sandbox needs an apiKey without colons and blanks, and an apiSecret.']),
    ...(isServed ? [] : [`The market of an account must be one of ${MARKET_CODES.join(', ')}, not ${market}.`]),
  ];
}

function oneOf(...values: readonly unknown[]): OptionCheck {
  return {
    holds: isOneOf(...values),
    remedy: (value) => `must be one of ${values.map(String).join(', ')}, not ${String(value)}`,
  };
}

function wholeUpTo(most: number): OptionCheck {
  return {
    holds: isWholeFrom(1, most),
    remedy: (value) => `must be a whole number of at least 1 and at most ${most}, not ${String(value)}`,
  };
}

function objectOf<Options>(members: OptionChecks<keyof Options & string>): OptionCheck {
  return { holds: isRecord, remedy: `must be an object of ${Object.keys(members).join(', ')}`, members };
}

function pausesRemedy(pauses: unknown): string {
  if (!Array.isArray(pauses)) return 'must be a list of lengths of time';
  if (pauses.length > MAX_PAUSES) return `must be at most ${MAX_PAUSES}, not ${pauses.length}`;
  const wrong: unknown = pauses.find((pause) => !WAIT_CHECK.holds(pause));
  return typeof WAIT_CHECK.remedy === 'string' ? WAIT_CHECK.remedy : WAIT_CHECK.remedy(wrong);
}
