import { assertOptions, type LalamoveAccountOptions } from './lalamove.options.js';

/** The variables (without the prefix), their options, and how to parse them. */
const VARIABLES: readonly { variable: string; option: string; read: (text: string) => unknown }[] = [
  { variable: 'API_KEY', option: 'apiKey', read: String },
  { variable: 'API_SECRET', option: 'apiSecret', read: String },
  { variable: 'MARKET', option: 'market', read: String },
  { variable: 'ENVIRONMENT', option: 'environment', read: String },
  { variable: 'BASE_URL', option: 'baseUrl', read: String },
  { variable: 'TIMEOUT_MS', option: 'timeoutMs', read: Number },
  { variable: 'DEADLINE_MS', option: 'deadlineMs', read: Number },
  { variable: 'RETRY_MAX_ATTEMPTS', option: 'retry.maxAttempts', read: Number },
  { variable: 'RETRY_BASE_DELAY_MS', option: 'retry.baseDelayMs', read: Number },
  { variable: 'RETRY_MAX_DELAY_MS', option: 'retry.maxDelayMs', read: Number },
  { variable: 'RATE_LIMIT', option: 'rateLimit', read: flag },
  { variable: 'RATE_LIMIT_PROCESSES', option: 'rateLimit.processes', read: Number },
  { variable: 'VALIDATE', option: 'validate', read: flag },
  { variable: 'ERRORS_FILTER', option: 'errors.filter', read: flag },
  { variable: 'ERRORS_STATUS', option: 'errors.status', read: String },
  { variable: 'ERRORS_FORMAT', option: 'errors.format', read: String },
  { variable: 'WEBHOOK_PATH', option: 'webhook.path', read: String },
  { variable: 'WEBHOOK_PUBLIC_PATH', option: 'webhook.publicPath', read: String },
  { variable: 'WEBHOOK_URL', option: 'webhook.url', read: String },
  { variable: 'WEBHOOK_SECRETS', option: 'webhook.secrets', read: list },
  { variable: 'WEBHOOK_MAX_AGE_SECONDS', option: 'webhook.maxAgeSeconds', read: Number },
];

const REQUIRED = ['API_KEY', 'API_SECRET', 'MARKET'];

/**
 * Reads an account's options from the environment: `LALAMOVE_API_KEY`, `LALAMOVE_API_SECRET`, `LALAMOVE_MARKET` and the
 * optional variables of `.env.example`. An empty variable counts as unset.
 *
 * @param env the environment; `process.env` by default
 * @param prefix the prefix of the variables, for a second account, e.g. `'LALAMOVE_TH_'`
 * @throws LalamoveOptionsException that lists every problem with its variable
 *
 * @example
 * LalamoveModule.forRoot(lalamoveOptionsFromEnv())
 */
export function lalamoveOptionsFromEnv(
  env: Readonly<Record<string, string | undefined>> = process.env,
  prefix = 'LALAMOVE_',
): LalamoveAccountOptions {
  const found = optionsInEnv(env, prefix);
  const isUnset = REQUIRED.every((variable) => (env[prefix + variable] ?? '').trim() === '');
  const advice = isUnset ? 'Is .env loaded? Start with --env-file .env.' : undefined;
  assertOptions(found, { describe: (problem) => withVariable(problem, prefix), advice });
  return found;
}

/** The options that the variables describe, unchecked. An empty variable counts as unset. */
export function optionsInEnv(env: Readonly<Record<string, string | undefined>>, prefix: string): unknown {
  const options: Record<string, unknown> = {};
  const groups: Record<string, Record<string, unknown>> = {};
  for (const { variable, option, read } of VARIABLES) {
    const text = env[prefix + variable]?.trim();
    if (text === undefined || text === '') continue;
    const [first = '', member] = option.split('.');
    if (member === undefined) options[first] = read(text);
    else (groups[first] ??= {})[member] = read(text);
  }
  // `RATE_LIMIT=false` switches off what other variables describe; a wrong value stays, and is reported.
  const described = Object.entries(groups).filter(([name]) => options[name] === undefined || options[name] === true);
  return { ...options, ...Object.fromEntries(described) };
}

/** Adds the name of the variable to the option at the start of a problem. */
export function withVariable(problem: string, prefix: string): string {
  const option = problem.split(' ', 1)[0] ?? '';
  const variable = VARIABLES.find((entry) => entry.option === option)?.variable;
  return variable === undefined ? problem : problem.replace(option, `${option} (${prefix}${variable})`);
}

/** Parses `true`/`false` and `1`/`0`. Other texts are returned as they are, and the option check reports them. */
function flag(text: string): unknown {
  const word = text.toLowerCase();
  if (['true', '1'].includes(word)) return true;
  return ['false', '0'].includes(word) ? false : text;
}

/** Parses comma-separated values. */
function list(text: string): string[] {
  return text.split(',').map((value) => value.trim());
}
