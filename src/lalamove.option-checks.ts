import { validateHeaderName, validateHeaderValue } from 'node:http';
import { LALAMOVE_HOSTS } from './api/hosts.js';
import { ENDPOINTS } from './api/endpoints.js';
import { isWebhookUrl } from './api/requests/webhook-url.js';
import { isMarket, MAX_ATTEMPTS_CHECK, MS_CHECK } from './client/request-options.js';
import { resendsOnKeepAlive } from './client/transport/runtime.js';
import { isRecord } from './internal/is-record.js';
import { isText } from './internal/is-text.js';
import { LONGEST_TIMER_MS } from './internal/timer-limit.js';
import type { OptionCheck, OptionChecks } from './internal/validate-options.js';
import {
  hasMethods,
  isBoolean,
  isFunction,
  isNumberFrom,
  isNumberUpTo,
  isOneOf,
  isWholeFrom,
} from './internal/value-checks.js';
import { CLOCK_CHECK, LOGGER_CHECK, moduleOptionProblems } from './nest/module-options.js';
import { rooted } from './webhooks/endpoint/signed-paths.js';

const MAX_RATE = 1_000_000_000;
const MAX_PROCESSES = 10_000;
const RATE_REMEDY = `from 0.01 to ${MAX_RATE}`;
const isRate = isNumberFrom(0.01, MAX_RATE);
const isEnvironment = isOneOf('sandbox', 'production');
const ENVIRONMENT_REMEDY = "must be 'sandbox' or 'production'";

const BOOLEAN: OptionCheck = { holds: isBoolean, remedy: 'must be true or false' };
const FUNCTION: OptionCheck = { holds: isFunction, remedy: 'must be a function' };
const DELAY: OptionCheck = {
  holds: isNumberFrom(0, LONGEST_TIMER_MS),
  remedy: `must be a number of ms from 0 to ${LONGEST_TIMER_MS} (24 days)`,
};

/** `webhook`; it can stand beside the factory as well. */
const WEBHOOK: OptionCheck = {
  holds: isRecord,
  remedy: "must be an object, such as { path: 'webhooks/lalamove' }; leave it out if you receive no webhooks",
  members: {
    path: {
      holds: isPath,
      remedy: "must be a path without parameters or wildcards, such as 'webhooks/lalamove'",
    },
    publicPath: {
      holds: isPublicPath,
      remedy: "must be the path of the URL that Lalamove knows, such as '/api/webhooks/lalamove', without a host",
    },
    url: {
      holds: isWebhookUrl,
      remedy:
        'must be the absolute http or https URL that Lalamove is to send webhooks to, without credentials or fragment',
    },
    secrets: {
      holds: (value) => Array.isArray(value) && value.length > 0 && value.every(isKey),
      remedy:
        'must be a list of at least one secret key (sk_…), without white space around it; leave it out for apiSecret',
    },
    maxAgeSeconds: {
      holds: isNumberUpTo(31_536_000),
      remedy: 'must be a number of seconds, above 0 and at most 31536000 (a year)',
    },
    resolveAccount: { holds: isFunction, remedy: 'must be a function of the key' },
  },
};

const RATE_LIMIT: OptionCheck = {
  holds: (value) => isBoolean(value) || isRecord(value),
  remedy: 'must be true, false, or an object of budgets, perMinute, ordersPerSecond, processes and store',
  members: {
    budgets: { holds: isEnvironment, remedy: ENVIRONMENT_REMEDY },
    perMinute: {
      holds: (value) => isRecord(value) && Object.entries(value).every(isBudget),
      remedy: `must be an object of methods of LalamoveService and requests a minute, each ${RATE_REMEDY}`,
    },
    ordersPerSecond: { holds: isRate, remedy: `must be a number ${RATE_REMEDY}` },
    processes: {
      holds: isWholeFrom(1, MAX_PROCESSES),
      remedy: `must be a whole number of processes from 1 to ${MAX_PROCESSES}`,
    },
    store: { holds: hasMethods('take', 'raise'), remedy: 'must have take() and raise()' },
  },
};

const ERRORS: OptionCheck = {
  holds: isRecord,
  remedy: 'must be an object; switch the filter off with { filter: false }',
  members: {
    filter: BOOLEAN,
    status: {
      holds: (value) => value === 'mirror' || value === 'gateway' || isFunction(value),
      remedy: "must be 'mirror', 'gateway' or a function of the exception",
    },
    format: { holds: isOneOf('nest', 'problem'), remedy: "must be 'nest' or 'problem'" },
  },
};

const HTTP: OptionCheck = {
  holds: isRecord,
  remedy: 'must be an object of agents, proxy and headers',
  members: {
    httpAgent: { holds: isAgent, remedy: 'must be an http.Agent' },
    httpsAgent: { holds: isAgent, remedy: 'must be an https.Agent' },
    proxy: {
      holds: (value) => value === false || isRecord(value),
      remedy: "must be false or axios's proxy settings",
    },
    headers: {
      holds: (value) => isRecord(value) && Object.entries(value).every(isExtraHeader),
      remedy:
        'must be an object of valid headers, without those that frame a request ' +
        '(Host, Content-Length, Transfer-Encoding, Connection)',
    },
  },
};

const CHECKS: OptionChecks = {
  apiKey: {
    holds: isKey,
    required: true,
    remedy:
      "must be the public key from Lalamove's partner portal (pk_test_… or pk_prod_…), without white space around it",
  },
  apiSecret: {
    holds: isKey,
    required: true,
    remedy:
      "must be the secret key from Lalamove's partner portal (sk_test_… or sk_prod_…), without white space around it",
  },
  market: { holds: isMarket, required: true, remedy: 'must be the two-letter market of the keys, such as HK' },
  environment: { holds: isEnvironment, remedy: ENVIRONMENT_REMEDY },
  baseUrl: {
    holds: isBaseUrl,
    remedy: 'must be an absolute http or https URL without query, fragment or credentials',
  },
  timeoutMs: MS_CHECK,
  deadlineMs: MS_CHECK,
  retry: {
    holds: isRecord,
    remedy: 'must be an object; switch repeats off with { maxAttempts: 1 }',
    members: { maxAttempts: MAX_ATTEMPTS_CHECK, baseDelayMs: DELAY, maxDelayMs: DELAY },
  },
  rateLimit: RATE_LIMIT,
  validate: BOOLEAN,
  errors: ERRORS,
  http: HTTP,
  hooks: {
    // Any object with one of them is accepted: it may be an instance of a class with other members.
    holds: (value) => isRecord(value) && ['onRequest', 'onResponse', 'onRetry'].some((name) => name in value),
    remedy: 'must be an object with onRequest, onResponse or onRetry',
    members: { onRequest: FUNCTION, onResponse: FUNCTION, onRetry: FUNCTION },
    allowsOthers: true,
  },
  logger: LOGGER_CHECK,
  clock: CLOCK_CHECK,
  webhook: WEBHOOK,
};

/** The options of the registration itself. */
const REGISTRATION_CHECKS: OptionChecks = {
  name: { holds: (value) => isText(value) && value.trim() !== '', remedy: 'must be a non-empty string' },
  isGlobal: BOOLEAN,
};

/**
 * Validates an account's options.
 *
 * @param withRegistration whether `name` and `isGlobal` are allowed
 * @returns one sentence for each problem, without the value of the option
 */
export function optionProblems(options: unknown, withRegistration: boolean): string[] {
  const problems = moduleOptionProblems(options, withRegistration ? { ...CHECKS, ...REGISTRATION_CHECKS } : CHECKS);
  return isRecord(options) ? [...problems, ...contradictions(options), ...agentProblems(options)] : problems;
}

/** Validates the options beside a factory: `name`, `isGlobal` and `webhook`. */
export function registrationProblems(options: unknown): string[] {
  if (!isRecord(options)) return [];
  const { name, isGlobal, webhook } = options;
  return moduleOptionProblems({ name, isGlobal, webhook }, { ...REGISTRATION_CHECKS, webhook: WEBHOOK });
}

/** The environment of a key, by its prefix; `undefined` for an unknown prefix. */
export function environmentOfKey(key: unknown): 'sandbox' | 'production' | undefined {
  const prefix = typeof key === 'string' ? /^[ps]k_(test|prod)_/.exec(key)?.[1] : undefined;
  if (prefix === undefined) return undefined;
  return prefix === 'test' ? 'sandbox' : 'production';
}

/** The environment of a host, if it is one of Lalamove's own. */
function environmentOfHost(baseUrl: unknown): 'sandbox' | 'production' | undefined {
  if (typeof baseUrl !== 'string' || !URL.canParse(baseUrl)) return undefined;
  const hostname = hostOf(baseUrl);
  if (hostname === hostOf(LALAMOVE_HOSTS.sandbox)) return 'sandbox';
  return hostname === hostOf(LALAMOVE_HOSTS.production) ? 'production' : undefined;
}

/** The host name in lower case, without a trailing dot. */
function hostOf(url: string): string {
  return new URL(url).hostname.replace(/\.$/, '');
}

/** Options that contradict each other. */
function contradictions({ apiKey, apiSecret, environment, baseUrl, webhook }: Record<string, unknown>): string[] {
  const problems: string[] = [];
  if (startsWith(apiKey, 'sk_')) problems.push('apiKey holds a secret key (sk_…): give the public key (pk_…).');
  if (startsWith(apiSecret, 'pk_')) problems.push('apiSecret holds a public key (pk_…): give the secret key (sk_…).');
  problems.push(...environmentProblems({ apiKey, apiSecret, environment, baseUrl }));
  if (isKey(apiKey) && environmentOfKey(apiKey) === undefined && environment === undefined && baseUrl === undefined) {
    problems.push(
      'environment cannot be told from apiKey, which begins with neither pk_test_ nor pk_prod_: ' +
        "say 'sandbox' or 'production'.",
    );
  }
  if (isRecord(webhook)) problems.push(...publicPathProblems(webhook));
  return problems;
}

/** Contradictions between the four options that tell sandbox from production. */
function environmentProblems({ apiKey, apiSecret, environment, baseUrl }: Record<string, unknown>): string[] {
  const byKey = environmentOfKey(apiKey);
  const bySecret = environmentOfKey(apiSecret);
  const byHost = environmentOfHost(baseUrl);
  const keys = byKey ?? bySecret;
  const stated = environment === 'sandbox' || environment === 'production' ? environment : undefined;
  const problems: string[] = [];
  if (byKey && bySecret && byKey !== bySecret) {
    problems.push(`apiKey is a ${byKey} key but apiSecret a ${bySecret} one: give both from the same environment.`);
  }
  if (keys && stated && stated !== keys) {
    const option = byKey ? 'apiKey' : 'apiSecret';
    problems.push(`environment is '${stated}' but ${option} is a ${keys} key: change the one or the other.`);
  }
  if (byHost && keys && byHost !== keys) {
    problems.push(
      `baseUrl is the ${byHost} of Lalamove but the keys are ${keys} keys: ` +
        'leave baseUrl out, or give keys of that environment.',
    );
  }
  if (byHost && stated && !keys && byHost !== stated) {
    problems.push(
      `baseUrl is the ${byHost} of Lalamove but environment is '${stated}': leave baseUrl out, or change environment.`,
    );
  }
  return problems;
}

/** Lalamove signs the path of the registered URL: with another path, every webhook would be refused. */
function publicPathProblems({ url, publicPath }: Record<string, unknown>): string[] {
  if (!isWebhookUrl(url) || typeof publicPath !== 'string' || !isPublicPath(publicPath)) return [];
  const { pathname, search } = new URL(url);
  if ([pathname, pathname + search].includes(rooted(publicPath))) return [];
  return ['webhook.publicPath is not the path of webhook.url, which webhooks are signed over: leave publicPath out.'];
}

/** Agents with which the runtime may send an order twice. */
function agentProblems(options: Record<string, unknown>): string[] {
  if (!resendsOnKeepAlive()) return [];
  const { http } = options;
  return ['httpAgent', 'httpsAgent'].flatMap((name) => {
    const agent = isRecord(http) ? http[name] : undefined;
    // An agent with maxSockets reuses connections for waiting requests, even without keepAlive.
    if (!isRecord(agent) || (agent.keepAlive !== true && !Number.isFinite(agent.maxSockets))) return [];
    return [
      `http.${name} uses connections more than once, and Deno sends a request again, an order too, ` +
        'if such a connection breaks: make the agent with keepAlive: false, and without maxSockets.',
    ];
  });
}

/** Literal segments: a path is compared, not matched. */
function isPath(value: unknown): boolean {
  return typeof value === 'string' && /^\/?[\w.~%!$&'()+,;=@-]+(\/[\w.~%!$&'()+,;=@-]+)*\/?$/.test(value);
}

/** A public path may have a query. */
function isPublicPath(value: unknown): boolean {
  return typeof value === 'string' && /^\/?[!-~]*$/.test(value) && value !== '' && !value.includes('://');
}

function isBudget([operation, value]: [string, unknown]): boolean {
  return Object.hasOwn(ENDPOINTS, operation) && isRate(value);
}

function isAgent(value: unknown): boolean {
  return hasMethods('addRequest', 'destroy')(value);
}

function startsWith(value: unknown, prefix: string): boolean {
  return typeof value === 'string' && value.startsWith(prefix);
}

/** Visible ASCII without a colon: what the Authorization header can carry. */
function isKey(value: unknown): boolean {
  return typeof value === 'string' && /^[\x21-\x39\x3b-\x7e]+$/.test(value);
}

function isBaseUrl(value: unknown): boolean {
  if (typeof value !== 'string' || /[?#\s\\]/.test(value) || !URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  return ['http:', 'https:'].includes(protocol) && username === '' && password === '';
}

const FRAMING_HEADERS = new Set(['host', 'content-length', 'transfer-encoding', 'connection']);

function isExtraHeader([name, value]: [string, unknown]): boolean {
  try {
    validateHeaderName(name);
    if (typeof value === 'string') validateHeaderValue(name, value);
    return typeof value === 'string' && !FRAMING_HEADERS.has(name.toLowerCase());
  } catch {
    return false;
  }
}
