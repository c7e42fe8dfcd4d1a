import { isClock } from './internal/clock.js';
import { COUNT_REMEDY, isCount, isMarket, isMs, MS_REMEDY } from './client/request-options.js';
import { resendsOnKeepAlive } from './client/transport/runtime.js';
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { isWebhookUrl } from './api/requests/webhook-url.js';
import { LALAMOVE_HOSTS } from './api/hosts.js';
import { ENDPOINTS } from './api/endpoints.js';
import { isRecord } from './internal/is-record.js';
import { LONGEST_TIMER_MS } from './internal/timer-limit.js';
import { rooted } from './webhooks/endpoint/signed-paths.js';

/** One thing that can be wrong, and what to do about it. */
interface Check {
  option: string;
  /** Whether a value that was given is right. */
  holds: (value: unknown) => boolean;
  /** What it must be, and where to get it. */
  remedy: string;
  required?: boolean;
}

const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== '';
const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
const isDelay = (value: unknown): boolean => value === 0 || isMs(value);
const DELAY_REMEDY = `must be a number of ms from 0 to ${LONGEST_TIMER_MS} (24 days)`;
const MAX_RATE = 1_000_000_000;
const isRate = (value: unknown): boolean => typeof value === 'number' && value >= 0.01 && value <= MAX_RATE;
const isBudget = ([operation, value]: [string, unknown]): boolean =>
  Object.hasOwn(ENDPOINTS, operation) && isRate(value);
/** Any object that has one of them: it may be of a class with members of its own. */
const hasHooks = (value: unknown): boolean =>
  isRecord(value) && ['onRequest', 'onResponse', 'onRetry'].some((name) => name in value);
const isOneOf =
  (...values: unknown[]) =>
  (value: unknown): boolean =>
    values.includes(value);
const has =
  (...methods: string[]) =>
  (value: unknown): boolean =>
    typeof value === 'object' &&
    value !== null &&
    methods.every((name) => typeof Reflect.get(value, name) === 'function');

/** Literal segments: a path is compared, not matched. */
const isPath = (value: unknown): boolean =>
  typeof value === 'string' && /^\/?[\w.~%!$&'()+,;=@-]+(\/[\w.~%!$&'()+,;=@-]+)*\/?$/.test(value);

/** Of a public path a query may be a part. */
const isPublicPath = (value: unknown): boolean =>
  typeof value === 'string' && /^\/?[!-~]*$/.test(value) && value !== '' && !value.includes('://');

/** What `webhook` is made of; it can stand beside the factory as well. */
const WEBHOOK_CHECKS: readonly Check[] = [
  {
    option: 'webhook',
    holds: isRecord,
    remedy: "must be an object, such as { path: 'webhooks/lalamove' }; leave it out where no webhooks are received",
  },
  {
    option: 'webhook.path',
    holds: isPath,
    remedy: "must be a path without parameters or wildcards, such as 'webhooks/lalamove'",
  },
  {
    option: 'webhook.publicPath',
    holds: isPublicPath,
    remedy: "must be the path of the URL that Lalamove knows, such as '/api/webhooks/lalamove', without a host",
  },
  {
    option: 'webhook.url',
    holds: isWebhookUrl,
    remedy:
      'must be the absolute http or https URL that Lalamove is to send webhooks to, without credentials or fragment',
  },
  {
    option: 'webhook.secrets',
    holds: (value) => Array.isArray(value) && value.length > 0 && value.every(isKey),
    remedy:
      'must be a list of at least one secret key (sk_…), without white space around it; leave it out for apiSecret',
  },
  {
    option: 'webhook.maxAgeSeconds',
    holds: (value) => typeof value === 'number' && value > 0 && value <= 31_536_000,
    remedy: 'must be a number of seconds, above 0 and at most 31536000 (a year)',
  },
  {
    option: 'webhook.resolveAccount',
    holds: (value) => typeof value === 'function',
    remedy: 'must be a function of the key',
  },
];

const CHECKS: readonly Check[] = [
  {
    option: 'apiKey',
    holds: isKey,
    required: true,
    remedy:
      "must be the public key from Lalamove's partner portal (pk_test_… or pk_prod_…), without white space around it",
  },
  {
    option: 'apiSecret',
    holds: isKey,
    required: true,
    remedy:
      "must be the secret key from Lalamove's partner portal (sk_test_… or sk_prod_…), without white space around it",
  },
  {
    option: 'market',
    holds: isMarket,
    required: true,
    remedy: 'must be the two-letter market of the keys, such as HK',
  },
  { option: 'environment', holds: isOneOf('sandbox', 'production'), remedy: "must be 'sandbox' or 'production'" },
  {
    option: 'baseUrl',
    holds: isBaseUrl,
    remedy: 'must be an absolute http or https URL without query, fragment or credentials',
  },
  { option: 'timeoutMs', holds: isMs, remedy: MS_REMEDY },
  { option: 'deadlineMs', holds: isMs, remedy: MS_REMEDY },
  { option: 'retry', holds: isRecord, remedy: 'must be an object; switch repeats off with { maxAttempts: 1 }' },
  {
    option: 'retry.maxAttempts',
    holds: isCount,
    remedy: COUNT_REMEDY,
  },
  { option: 'retry.baseDelayMs', holds: isDelay, remedy: DELAY_REMEDY },
  { option: 'retry.maxDelayMs', holds: isDelay, remedy: DELAY_REMEDY },
  {
    option: 'rateLimit',
    holds: (value) => isBoolean(value) || isRecord(value),
    remedy: 'must be true, false, or an object of budgets, perMinute, ordersPerSecond and store',
  },
  { option: 'rateLimit.budgets', holds: isOneOf('sandbox', 'production'), remedy: "must be 'sandbox' or 'production'" },
  {
    option: 'rateLimit.perMinute',
    holds: (value) => isRecord(value) && Object.entries(value).every(isBudget),
    remedy: `must be an object of methods of LalamoveService and requests a minute, each from 0.01 to ${MAX_RATE}`,
  },
  { option: 'rateLimit.ordersPerSecond', holds: isRate, remedy: `must be a number from 0.01 to ${MAX_RATE}` },
  { option: 'rateLimit.store', holds: has('take', 'raise'), remedy: 'must have take() and raise()' },
  { option: 'validate', holds: isBoolean, remedy: 'must be true or false' },
  { option: 'errors', holds: isRecord, remedy: 'must be an object; switch the filter off with { filter: false }' },
  { option: 'errors.filter', holds: isBoolean, remedy: 'must be true or false' },
  {
    option: 'errors.status',
    holds: (value) => isOneOf('mirror', 'gateway')(value) || typeof value === 'function',
    remedy: "must be 'mirror', 'gateway' or a function of the exception",
  },
  { option: 'errors.format', holds: isOneOf('nest', 'problem'), remedy: "must be 'nest' or 'problem'" },
  { option: 'http', holds: isRecord, remedy: 'must be an object of agents, proxy and headers' },
  { option: 'http.httpAgent', holds: has('addRequest', 'destroy'), remedy: 'must be an http.Agent' },
  { option: 'http.httpsAgent', holds: has('addRequest', 'destroy'), remedy: 'must be an https.Agent' },
  {
    option: 'http.proxy',
    holds: (value) => value === false || isRecord(value),
    remedy: "must be false or axios's proxy settings",
  },
  {
    option: 'http.headers',
    holds: (value) => isRecord(value) && Object.entries(value).every(isExtraHeader),
    remedy:
      'must be an object of valid headers, without those that frame a request (Host, Content-Length, Transfer-Encoding, Connection)',
  },
  { option: 'hooks', holds: hasHooks, remedy: 'must be an object with onRequest, onResponse or onRetry' },
  ...['hooks.onRequest', 'hooks.onResponse', 'hooks.onRetry'].map((option) => ({
    option,
    holds: (value: unknown) => typeof value === 'function',
    remedy: 'must be a function',
  })),
  {
    option: 'logger',
    holds: has('error', 'warn', 'log'),
    remedy: "must be a logger as Nest's LoggerService describes it",
  },
  { option: 'clock', holds: isClock, remedy: 'must have now() and setTimeout(), and monotonic() may be left out' },
  ...WEBHOOK_CHECKS,
];

/** What `forRoot` and `forRootAsync` read by themselves. */
const REGISTRATION_CHECKS: readonly Check[] = [
  { option: 'name', holds: isText, remedy: 'must be a non-empty string' },
  { option: 'isGlobal', holds: isBoolean, remedy: 'must be true or false' },
];

/**
 * Everything that is wrong with an account's options, one sentence each, values never quoted; empty where all is well.
 *
 * @param withRegistration whether `name` and `isGlobal` may be among them
 */
export function optionProblems(options: unknown, withRegistration: boolean): string[] {
  if (!isRecord(options)) return ['The options are missing: pass an object, or return one from the factory.'];
  const checks = withRegistration ? [...CHECKS, ...REGISTRATION_CHECKS] : CHECKS;
  const known = checks.map(({ option }) => option);
  return [
    ...checks.flatMap((check) => checked(options, check)),
    ...unknownOptions(options, known),
    ...contradictions(options),
    ...agentProblems(options),
  ];
}

/** What is wrong with what stands beside a factory: `name`, `isGlobal` and `webhook`. */
export function registrationProblems(options: unknown): string[] {
  return isRecord(options)
    ? [...REGISTRATION_CHECKS, ...WEBHOOK_CHECKS].flatMap((check) => checked(options, check))
    : [];
}

/** Which world a key belongs to, by its prefix; `undefined` for a key of no known form. */
export function environmentOfKey(key: unknown): 'sandbox' | 'production' | undefined {
  const prefix = typeof key === 'string' ? /^[ps]k_(test|prod)_/.exec(key)?.[1] : undefined;
  return prefix === undefined ? undefined : prefix === 'test' ? 'sandbox' : 'production';
}

/** Whose host it is, where it is one of Lalamove's own. */
function environmentOfHost(baseUrl: unknown): 'sandbox' | 'production' | undefined {
  if (typeof baseUrl !== 'string' || !URL.canParse(baseUrl)) return undefined;
  const hostname = hostOf(baseUrl);
  if (hostname === hostOf(LALAMOVE_HOSTS.sandbox)) return 'sandbox';
  return hostname === hostOf(LALAMOVE_HOSTS.production) ? 'production' : undefined;
}

/** In lower case, as URLs have it, and without the dot that a full name may end with. */
function hostOf(url: string): string {
  return new URL(url).hostname.replace(/\.$/, '');
}

function checked(options: Record<string, unknown>, { option, holds, remedy, required }: Check): string[] {
  const value = valueOf(options, option);
  if (value === undefined) return required ? [`${option} is missing: it ${remedy}.`] : [];
  return holds(value) ? [] : [`${option} ${remedy}.`];
}

function valueOf(options: Record<string, unknown>, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => (isRecord(value) ? value[name] : undefined), options);
}

function unknownOptions(options: Record<string, unknown>, known: readonly string[]): string[] {
  return ['', 'retry.', 'rateLimit.', 'errors.', 'http.', 'webhook.'].flatMap((prefix) => {
    const members = prefix === '' ? options : options[prefix.slice(0, -1)];
    const siblings = known.filter((option) => option.startsWith(prefix) && !option.slice(prefix.length).includes('.'));
    return Object.keys(isRecord(members) ? members : {})
      .map((name) => prefix + name)
      .filter((option) => !siblings.includes(option))
      .map((option) => `${option} is not an option: the options are ${siblings.join(', ')}.`);
  });
}

/** What is wrong only when looked at together. */
function contradictions({ apiKey, apiSecret, environment, baseUrl, webhook }: Record<string, unknown>): string[] {
  const problems: string[] = [];
  if (startsWith(apiKey, 'sk_')) problems.push('apiKey holds a secret key (sk_…): give the public key (pk_…).');
  if (startsWith(apiSecret, 'pk_')) problems.push('apiSecret holds a public key (pk_…): give the secret key (sk_…).');
  problems.push(...environmentProblems({ apiKey, apiSecret, environment, baseUrl }));
  if (isKey(apiKey) && environmentOfKey(apiKey) === undefined && environment === undefined && baseUrl === undefined) {
    problems.push(
      "environment cannot be told from apiKey, which begins with neither pk_test_ nor pk_prod_: say 'sandbox' or 'production'.",
    );
  }
  if (isRecord(webhook)) problems.push(...publicPathProblems(webhook));
  return problems;
}

/** Where the four that tell sandbox from production differ. */
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
      `baseUrl is the ${byHost} of Lalamove but the keys are ${keys} keys: leave baseUrl out, or give keys of that environment.`,
    );
  }
  if (byHost && stated && !keys && byHost !== stated) {
    problems.push(
      `baseUrl is the ${byHost} of Lalamove but environment is '${stated}': leave baseUrl out, or change environment.`,
    );
  }
  return problems;
}

/** Lalamove signs the path of the URL that it knows, so that any other path would have every webhook refused. */
function publicPathProblems({ url, publicPath }: Record<string, unknown>): string[] {
  if (!isWebhookUrl(url) || typeof publicPath !== 'string' || !isPublicPath(publicPath)) return [];
  const { pathname, search } = new URL(url);
  if ([pathname, pathname + search].includes(rooted(publicPath))) return [];
  return ['webhook.publicPath is not the path of webhook.url, which webhooks are signed over: leave publicPath out.'];
}

/** Agents that would have the runtime send an order twice. */
function agentProblems(options: Record<string, unknown>): string[] {
  if (!resendsOnKeepAlive()) return [];
  return ['http.httpAgent', 'http.httpsAgent'].flatMap((option) => {
    const agent = valueOf(options, option);
    // At its limit an agent hands used connections on to who waits, kept open or not.
    if (!isRecord(agent) || (agent.keepAlive !== true && !Number.isFinite(agent.maxSockets))) return [];
    return [
      `${option} uses connections more than once, and Deno sends a request again, an order too, if such a connection breaks: ` +
        'make the agent with keepAlive: false, and without maxSockets.',
    ];
  });
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
