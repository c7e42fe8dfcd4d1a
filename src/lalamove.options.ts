import { Logger, type LoggerService } from '@nestjs/common';
import type { LalamoveHooks } from './client/call-hooks.js';
import type { RateLimitOptions } from './client/rate-limit/rate-limiter.js';
import type { ClientSettings, LalamoveCredentials } from './client/client-settings.js';
import type { LalamoveHttpOptions } from './client/transport/lalamove-http.service.js';
import type { RetryOptions } from './client/retry/backoff.js';
import { anchoredNow, systemClock, type Clock } from './internal/clock.js';
import type { AccountErrorPolicy, LalamoveErrorOptions } from './errors/error-policies.js';
import { LALAMOVE_HOSTS } from './api/hosts.js';
import { environmentOfKey, optionProblems } from './lalamove.option-checks.js';
import { optionsMessage } from './nest/module-options.js';
import { AccountSecrets } from './webhooks/verify/account-secrets.js';
import type { VerifierSettings } from './webhooks/verify/webhook-verifier.js';
import type { LalamoveWebhookOptions } from './webhooks/webhook.options.js';

/** Lalamove's two worlds: in the sandbox nobody drives and nothing is charged. */
export type LalamoveEnvironment = 'sandbox' | 'production';

/** What one Lalamove account is used with. */
export interface LalamoveAccountOptions extends LalamoveCredentials {
  /**
   * Which of Lalamove's hosts is called. A contradiction with the prefix of the keys fails at boot.
   *
   * @default by the prefix of `apiKey`: `pk_test_` or `pk_prod_`
   */
  environment?: LalamoveEnvironment;
  /**
   * Another host: a local sandbox, a proxy. An absolute http or https URL, which may have a path. A `/v3` at its end is
   * left out, because every call begins with it. Keys of one of Lalamove's hosts against the other fail at boot.
   *
   * @default `https://rest.sandbox.lalamove.com` or `https://rest.lalamove.com`, by `environment`
   */
  baseUrl?: string;
  /**
   * How long one attempt may take, headers and body, in ms.
   *
   * @default 10000
   */
  timeoutMs?: number;
  /**
   * How long a whole call may take, with waits and repeats, in ms.
   *
   * @default 30000
   */
  deadlineMs?: number;
  /** How calls that may be repeated are repeated. */
  retry?: RetryOptions;
  /**
   * Limits of our own, so that Lalamove does not answer 429: calls wait for a slot. A call that would wait beyond its
   * deadline ends at once with a `RateLimitedException`. `false` switches the limits off.
   *
   * @default true: the budgets of `environment`, kept in this process
   */
  rateLimit?: boolean | RateLimitOptions;
  /**
   * Whether inputs are checked before they travel.
   *
   * @default true
   */
  validate?: boolean;
  /** How failures are answered to the app's own API consumers. */
  errors?: LalamoveErrorOptions;
  /** Agents, proxy and headers for `@nestjs/axios`. */
  http?: LalamoveHttpOptions;
  /** Told of each call as it happens, for metrics and traces. */
  hooks?: LalamoveHooks;
  /**
   * How webhooks are received.
   *
   * @default off: no endpoint is mounted
   */
  webhook?: LalamoveWebhookOptions;
  /**
   * Where calls are logged. Retries, and failures that the app or Lalamove must fix, are warnings and errors; all other
   * calls are logged on level `debug`.
   *
   * @default Nest's own logger
   */
  logger?: LoggerService;
  /**
   * Where time comes from.
   *
   * @default the system's clock
   */
  clock?: Clock;
}

/** Options of `LalamoveModule.forRoot`. */
export interface LalamoveModuleOptions extends LalamoveAccountOptions {
  /** Tells several accounts apart; inject with `@InjectLalamove(name)`. The one without a name is the default. */
  name?: string;
  /**
   * Whether the account can be injected everywhere without importing the module again.
   *
   * @default true
   */
  isGlobal?: boolean;
}

/**
 * Options that are wrong, at boot or in `forAccount`: the message lists every problem and its remedy. It never quotes a
 * value of an option.
 */
export class LalamoveOptionsException extends Error {
  override readonly name = 'LalamoveOptionsException';

  /** @param problems one sentence each */
  constructor(
    readonly problems: readonly string[],
    account?: string,
  ) {
    const whose = account === undefined ? 'LalamoveModule' : `LalamoveModule (account "${account}")`;
    super(optionsMessage(whose, problems));
  }
}

/**
 * Checks options.
 *
 * @param account the name of the registration, for the message
 * @param withRegistration whether `name` and `isGlobal` may be among them
 * @param describe rewords a problem
 * @throws LalamoveOptionsException that lists every problem and its remedy
 */
export function assertOptions(
  options: unknown,
  {
    account,
    withRegistration = false,
    describe = (problem) => problem,
  }: { account?: string | undefined; withRegistration?: boolean; describe?: (problem: string) => string } = {},
): asserts options is LalamoveAccountOptions {
  const problems = optionProblems(options, withRegistration);
  if (problems.length > 0) throw new LalamoveOptionsException(problems.map(describe), account);
}

/** Fills in the defaults of options that have been checked. */
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

/**
 * The base URL in normal form, because URLs of requests are compared with it. The slash and the version at its end are
 * left out: every path begins with them.
 */
function baseUrlOf(options: LalamoveAccountOptions): string {
  const { href } = new URL(options.baseUrl ?? LALAMOVE_HOSTS[environmentOf(options)]);
  return href.replace(/\/+$/, '').replace(/\/+v3$/, '');
}

function environmentOf({ apiKey, environment }: LalamoveAccountOptions): LalamoveEnvironment {
  return environment ?? environmentOfKey(apiKey) ?? 'sandbox';
}

function rateLimitOf(options: LalamoveAccountOptions): ClientSettings['rateLimit'] {
  const { rateLimit = true } = options;
  if (rateLimit === false) return false;
  return { budgets: environmentOf(options), ...(rateLimit === true ? {} : rateLimit) };
}

/** How long Lalamove may repeat an event for, and as long again, in seconds. */
const TWO_DAYS_SECONDS = 172_800;

/** What webhooks of an account are verified by. */
export function verifierSettings(options: LalamoveAccountOptions, account: string | undefined): VerifierSettings {
  const { apiKey, apiSecret, webhook = {}, clock = systemClock } = options;
  const { secrets = [apiSecret], maxAgeSeconds = TWO_DAYS_SECONDS, resolveAccount } = webhook;
  const others = resolveAccount && new AccountSecrets(resolveAccount, clock);
  return { account, apiKey, secrets, maxAgeSeconds, others, clock, anchored: anchoredNow(clock) };
}

/** What the exception filter has to know of an account. */
export function accountErrorPolicy(
  options: LalamoveAccountOptions,
  account: string | undefined,
  logger: LoggerService,
): AccountErrorPolicy {
  const { filter = true, status = 'mirror', format = 'nest' } = options.errors ?? {};
  return { account, filter, status, format, baseUrl: baseUrlOf(options), logger: options.logger ?? logger };
}
