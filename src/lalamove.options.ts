import { Logger, type LoggerService } from '@nestjs/common';
import type { LalamoveHooks } from './client/call-hooks.js';
import type { RateLimitOptions } from './client/rate-limit/rate-limit.options.js';
import type { ClientSettings, LalamoveCredentials } from './client/client-settings.js';
import type { LalamoveHttpOptions } from './client/transport/lalamove-http.service.js';
import type { RetryOptions } from './client/retry/backoff.js';
import { anchoredNow, systemClock, type Clock } from './internal/clock.js';
import type { AccountErrorPolicy, LalamoveErrorOptions } from './errors/error-policies.js';
import { LALAMOVE_HOSTS, withoutVersion } from './api/hosts.js';
import { environmentOfKey, optionProblems } from './lalamove.option-checks.js';
import { optionsMessage } from './nest/module-options.js';
import { AccountSecrets } from './webhooks/verify/account-secrets.js';
import type { VerifierSettings } from './webhooks/verify/webhook-verifier.js';
import type { LalamoveWebhookOptions } from './webhooks/webhook.options.js';

/** Lalamove's two environments. In the sandbox there are no real drivers and no charges. */
export type LalamoveEnvironment = 'sandbox' | 'production';

/** The options of one Lalamove account. */
export interface LalamoveAccountOptions extends LalamoveCredentials {
  /**
   * Which host of Lalamove is called. If it contradicts the prefix of the keys, the app fails at boot.
   *
   * @default by the prefix of `apiKey`: `pk_test_` or `pk_prod_`
   */
  environment?: LalamoveEnvironment;
  /**
   * Another host, such as a local sandbox or a proxy: an absolute http or https URL, which may have a path. A `/v3` at
   * its end is ignored, because every call adds it. Keys that do not fit Lalamove's host fail at boot.
   *
   * @default `https://rest.sandbox.lalamove.com` or `https://rest.lalamove.com`, by `environment`
   */
  baseUrl?: string;
  /**
   * Timeout of one attempt, headers and body, in ms.
   *
   * @default 10000
   */
  timeoutMs?: number;
  /**
   * Deadline of a whole call, including waits and retries, in ms.
   *
   * @default 30000
   */
  deadlineMs?: number;
  /** Retries of calls that may be repeated. */
  retry?: RetryOptions;
  /**
   * Client-side rate limits, so that Lalamove does not answer 429: calls wait for a slot. If a call would wait longer
   * than its deadline, it fails at once with a `RateLimitedException`. `false` switches the limits off.
   *
   * @default true: the budgets of `environment`, counted in this process alone
   */
  rateLimit?: boolean | RateLimitOptions;
  /**
   * Whether inputs are validated before they are sent.
   *
   * @default true
   */
  validate?: boolean;
  /** How errors are answered to the app's own API consumers. */
  errors?: LalamoveErrorOptions;
  /** Agents, proxy and headers for `@nestjs/axios`. */
  http?: LalamoveHttpOptions;
  /** Called for each request, response and retry, for metrics and traces. */
  hooks?: LalamoveHooks;
  /**
   * The webhook endpoint.
   *
   * @default none: no endpoint is mounted
   */
  webhook?: LalamoveWebhookOptions;
  /**
   * The logger of the calls. Retries are logged as warnings, failures that the app or Lalamove must fix as errors, and
   * all other calls on level `debug`.
   *
   * @default Nest's own logger
   */
  logger?: LoggerService;
  /**
   * The source of the time.
   *
   * @default the system's clock
   */
  clock?: Clock;
}

/** Options of `LalamoveModule.forRoot`. */
export interface LalamoveModuleOptions extends LalamoveAccountOptions {
  /** The account's name; inject with `@InjectLalamove(name)`. The account without a name is the default. */
  name?: string;
  /**
   * Whether every module can inject the account without importing this module again.
   *
   * @default true
   */
  isGlobal?: boolean;
}

/**
 * Thrown for wrong options, at boot or by `forAccount`. The message lists every problem and its remedy. It never quotes
 * the value of an option.
 */
export class LalamoveOptionsException extends Error {
  override readonly name = 'LalamoveOptionsException';

  /** @param problems one sentence for each */
  constructor(
    readonly problems: readonly string[],
    account?: string,
  ) {
    const owner = account === undefined ? 'LalamoveModule' : `LalamoveModule (account "${account}")`;
    super(optionsMessage(owner, problems));
  }
}

/**
 * Validates options.
 *
 * @param account the name of the registration, for the message
 * @param withRegistration whether `name` and `isGlobal` are allowed
 * @param describe changes the text of a problem
 * @param advice a further sentence, after the problems
 * @throws LalamoveOptionsException that lists every problem and its remedy
 */
export function assertOptions(
  options: unknown,
  {
    account,
    withRegistration = false,
    describe = (problem) => problem,
    advice,
  }: {
    account?: string | undefined;
    withRegistration?: boolean;
    describe?: (problem: string) => string;
    advice?: string | undefined;
  } = {},
): asserts options is LalamoveAccountOptions {
  const problems = optionProblems(options, withRegistration);
  if (problems.length === 0) return;
  const advices = advice === undefined ? [] : [advice];
  throw new LalamoveOptionsException([...problems.map(describe), ...advices], account);
}

/** Fills in the defaults of validated options. */
export function clientSettings(options: LalamoveAccountOptions, account: string | undefined): ClientSettings {
  const { apiKey, apiSecret, market, retry } = options;
  return {
    account,
    apiKey,
    apiSecret,
    market,
    baseUrl: baseUrlOf(options),
    timeoutMs: options.timeoutMs ?? 10_000,
    deadlineMs: options.deadlineMs ?? 30_000,
    retry: {
      maxAttempts: retry?.maxAttempts ?? 3,
      baseDelayMs: retry?.baseDelayMs ?? 250,
      maxDelayMs: retry?.maxDelayMs ?? 8000,
    },
    validate: options.validate ?? true,
    policy: options.errors?.status === 'gateway' ? 'gateway' : 'mirror',
    clock: options.clock ?? systemClock,
    rateLimit: rateLimitOf(options),
    hooks: options.hooks ?? {},
    logger: options.logger ?? new Logger('Lalamove'),
  };
}

/** Normalises the base URL, because URLs of requests are compared with it. */
function baseUrlOf(options: LalamoveAccountOptions): string {
  const { href } = new URL(options.baseUrl ?? LALAMOVE_HOSTS[environmentOf(options)]);
  return withoutVersion(href);
}

function environmentOf({ apiKey, environment }: LalamoveAccountOptions): LalamoveEnvironment {
  return environment ?? environmentOfKey(apiKey) ?? 'sandbox';
}

function rateLimitOf(options: LalamoveAccountOptions): ClientSettings['rateLimit'] {
  const { rateLimit = true } = options;
  if (rateLimit === false) return false;
  return { budgets: environmentOf(options), ...(rateLimit === true ? {} : rateLimit) };
}

/** Twice the time for which Lalamove repeats a webhook, in seconds. */
const TWO_DAYS_SECONDS = 172_800;

/** The settings that verify an account's webhooks. */
export function verifierSettings(options: LalamoveAccountOptions, account: string | undefined): VerifierSettings {
  const { apiKey, apiSecret, webhook = {}, clock = systemClock } = options;
  const { secrets = [apiSecret], maxAgeSeconds = TWO_DAYS_SECONDS, resolveAccount } = webhook;
  const others = resolveAccount && new AccountSecrets(resolveAccount, clock);
  return { account, apiKey, secrets, maxAgeSeconds, others, clock, anchored: anchoredNow(clock) };
}

/** The settings of the exception filter for an account. */
export function accountErrorPolicy(
  options: LalamoveAccountOptions,
  account: string | undefined,
  logger: LoggerService,
): AccountErrorPolicy {
  const { filter = true, status = 'mirror', format = 'nest' } = options.errors ?? {};
  return { account, filter, status, format, baseUrl: baseUrlOf(options), logger: options.logger ?? logger };
}
