import { describe, expect, it } from '@jest/globals';
import { lalamoveOptionsFromEnv } from './lalamove.environment.js';
import { assertOptions, clientSettings, LalamoveOptionsException } from './lalamove.options.js';

const GOOD = { apiKey: 'pk_test_k', apiSecret: 'sk_test_s', market: 'HK' };

function problemsOf(act: () => void): readonly string[] {
  try {
    act();
  } catch (error) {
    if (error instanceof LalamoveOptionsException) return error.problems;
    throw error;
  }
  return [];
}

const problems = (options: unknown): readonly string[] =>
  problemsOf(() => {
    assertOptions(options);
  });

describe('options', () => {
  it('lists every problem at once, each with its solution', () => {
    expect(problems({ market: 'HKG', baseUrl: 'localhost:4010', timeoutMs: 0, retry: { maxAttempts: 0 } })).toEqual([
      expect.stringMatching(/^apiKey is missing: it must be the public key .*pk_test_/),
      expect.stringMatching(/^apiSecret is missing: it must be the secret key .*sk_test_/),
      expect.stringMatching(/^market must be the two-letter market/),
      expect.stringMatching(/^baseUrl must be an absolute http or https URL/),
      expect.stringMatching(/^timeoutMs must be a number of ms above 0/),
      expect.stringMatching(/^retry.maxAttempts must be a whole number of at least 1/),
    ]);
  });

  it.each([
    ['nothing', undefined, /^The options are missing/],
    [
      'a production key in the sandbox',
      { ...GOOD, apiKey: 'pk_prod_k', apiSecret: 'sk_prod_s', environment: 'sandbox' },
      /^environment is 'sandbox' but apiKey is a production key/,
    ],
    [
      'keys of two environments',
      { ...GOOD, apiSecret: 'sk_prod_s' },
      /^apiKey is a sandbox key but apiSecret a production one/,
    ],
    ['a secret in place of the key', { ...GOOD, apiKey: 'sk_test_k' }, /^apiKey holds a secret key/],
    ['a key in place of the secret', { ...GOOD, apiSecret: 'pk_test_s' }, /^apiSecret holds a public key/],
    ['white space around a secret', { ...GOOD, apiSecret: 'sk_test_s\n' }, /^apiSecret must be .* without white space/],
    ['a key that tells no environment', { ...GOOD, apiKey: 'abc', apiSecret: 'def' }, /^environment cannot be told/],
    [
      'an environment that does not exist',
      { ...GOOD, environment: 'staging' },
      /^environment must be 'sandbox' or 'production'/,
    ],
    ['a URL with a query', { ...GOOD, baseUrl: 'http://localhost/?a=1' }, /^baseUrl/],
    ['a URL with a bare question mark', { ...GOOD, baseUrl: 'http://localhost?' }, /^baseUrl/],
    ['a URL with white space', { ...GOOD, baseUrl: ' http://localhost ' }, /^baseUrl/],
    ['a URL with credentials', { ...GOOD, baseUrl: 'http://user:secret@localhost' }, /^baseUrl/],
    [
      'a webhook that is switched on by a word',
      { ...GOOD, webhook: true },
      /^webhook must be an object, such as \{ path: /,
    ],
    ['an endpoint at a URL', { ...GOOD, webhook: { path: 'https://x/y' } }, /^webhook\.path must be a path without/],
    ['an endpoint at a parameter', { ...GOOD, webhook: { path: 'hooks/:id' } }, /^webhook\.path must/],
    ['an endpoint at a wildcard', { ...GOOD, webhook: { path: 'hooks/{*all}' } }, /^webhook\.path must/],
    ['an endpoint at a query', { ...GOOD, webhook: { path: 'hooks?a=1' } }, /^webhook\.path must/],
    ['an endpoint at the root', { ...GOOD, webhook: { path: '/' } }, /^webhook\.path must/],
    [
      'an empty public path',
      { ...GOOD, webhook: { publicPath: '' } },
      /^webhook\.publicPath must be the path of the URL/,
    ],
    ['a public path with a host', { ...GOOD, webhook: { publicPath: 'https://x/y' } }, /^webhook\.publicPath must/],
    [
      'no secret at all',
      { ...GOOD, webhook: { secrets: [] } },
      /^webhook\.secrets must be .*leave it out for apiSecret/,
    ],
    ['a secret that is no list', { ...GOOD, webhook: { secrets: 'sk_test_s' } }, /^webhook\.secrets must be a list/],
    ['an empty secret', { ...GOOD, webhook: { secrets: ['sk_test_s', ''] } }, /^webhook\.secrets must/],
    [
      'events that may have no age',
      { ...GOOD, webhook: { maxAgeSeconds: 0 } },
      /^webhook\.maxAgeSeconds must be .*above 0/,
    ],
    [
      'accounts that are no function',
      { ...GOOD, webhook: { resolveAccount: {} } },
      /^webhook\.resolveAccount must be a function/,
    ],
    [
      'an option of webhooks that does not exist',
      { ...GOOD, webhook: { secret: 's' } },
      /^webhook\.secret is not an option: the options are webhook\.path, /,
    ],
    ['a header that cannot be sent', { ...GOOD, http: { headers: { 'X Y': 'z' } } }, /^http.headers/],
    ['a header that frames the request', { ...GOOD, http: { headers: { 'content-length': '3' } } }, /^http.headers/],
    ['a name where only an account is asked for', { ...GOOD, name: 'thai' }, /^name is not an option/],
    ['a time that no timer can wait', { ...GOOD, deadlineMs: 2 ** 31 }, /^deadlineMs/],
    ['an option that does not exist', { ...GOOD, timeout: 5 }, /^timeout is not an option: the options are apiKey, /],
    [
      'an error option that does not exist',
      { ...GOOD, errors: { mode: 'x' } },
      /^errors.mode is not an option: the options are errors.filter, /,
    ],
    ['limits that are neither off nor described', { ...GOOD, rateLimit: 'on' }, /^rateLimit must be true, false/],
    ['budgets of no environment', { ...GOOD, rateLimit: { budgets: 'test' } }, /^rateLimit\.budgets must/],
    ['a budget of no call', { ...GOOD, rateLimit: { perMinute: { placeOrders: 1 } } }, /^rateLimit\.perMinute must/],
    ['a budget of nothing', { ...GOOD, rateLimit: { perMinute: { placeOrder: 0 } } }, /^rateLimit\.perMinute must/],
    ['no orders a second', { ...GOOD, rateLimit: { ordersPerSecond: 0 } }, /^rateLimit\.ordersPerSecond must/],
    ['half a process', { ...GOOD, rateLimit: { processes: 1.5 } }, /^rateLimit\.processes must be a whole number/],
    ['no process', { ...GOOD, rateLimit: { processes: 0 } }, /^rateLimit\.processes must/],
    ['a store that cannot take', { ...GOOD, rateLimit: { store: {} } }, /^rateLimit\.store must/],
    ['a limit that does not exist', { ...GOOD, rateLimit: { perHour: 1 } }, /^rateLimit\.perHour is not an option/],
    ['a hook that is no function', { ...GOOD, hooks: { onRetry: true } }, /^hooks\.onRetry must be a function/],
    ['a hook that does not exist', { ...GOOD, hooks: { onError: () => undefined } }, /^hooks must be an object with/],
    [
      'a policy that does not exist',
      { ...GOOD, errors: { status: 'hide' } },
      /^errors.status must be 'mirror', 'gateway' or a function/,
    ],
    ['a clock that does not tick', { ...GOOD, clock: {} }, /^clock must have/],
    [
      'test keys against the production',
      { ...GOOD, baseUrl: 'https://rest.lalamove.com' },
      /^baseUrl is the production of Lalamove but the keys are sandbox keys: leave baseUrl out/,
    ],
    ['test keys against it otherwise spelt', { ...GOOD, baseUrl: 'HTTP://REST.Lalamove.com.:8443/v3/' }, /^baseUrl is/],
    [
      'production keys against the sandbox',
      { ...GOOD, apiKey: 'pk_prod_k', apiSecret: 'sk_prod_s', baseUrl: 'https://rest.sandbox.lalamove.com/' },
      /^baseUrl is the sandbox of Lalamove but the keys are production keys/,
    ],
    [
      'a production secret of a key of no known form against the sandbox',
      { ...GOOD, apiKey: 'key', apiSecret: 'sk_prod_s', baseUrl: 'https://rest.sandbox.lalamove.com' },
      /^baseUrl is the sandbox/,
    ],
    [
      'keys of no known form, for the sandbox, against the production',
      { ...GOOD, apiKey: 'key', apiSecret: 'secret', environment: 'sandbox', baseUrl: 'https://rest.lalamove.com' },
      /^baseUrl is the production of Lalamove but environment is 'sandbox'/,
    ],
    [
      'a production secret beside a key of no known form, for the sandbox',
      { ...GOOD, apiKey: 'key', apiSecret: 'sk_prod_s', environment: 'sandbox' },
      /^environment is 'sandbox' but apiSecret is a production key/,
    ],
    ...[
      'https://my_host/hook',
      'https:/shop.example/x',
      'https://shop.example/a\\b',
      'https://u:p@shop.example/hook',
      'https://shop.example/hook#part',
    ].map((url): [string, unknown, RegExp] => [
      `a webhook URL that cannot be registered: ${url}`,
      { ...GOOD, webhook: { url } },
      /^webhook\.url must be the absolute http or https URL/,
    ]),
    ...['/other', '/hook/', '/hook?token=u'].map((publicPath): [string, unknown, RegExp] => [
      `a public path that is not that of the URL: ${publicPath}`,
      { ...GOOD, webhook: { publicPath, url: 'https://shop.example/hook?token=t' } },
      /^webhook\.publicPath is not the path of webhook\.url/,
    ]),
  ])('refuses %s', (_, options, problem) => {
    expect(problems(options)).toEqual([expect.stringMatching(problem)]);
  });

  it.each(['/hook', 'hook', '/hook?token=t'])('accepts the public path that the URL has: %s', (publicPath) => {
    expect(problems({ ...GOOD, webhook: { publicPath, url: 'https://shop.example/hook?token=t' } })).toEqual([]);
  });

  it('never puts a value into a message', () => {
    const message = new LalamoveOptionsException(
      problems({ apiKey: 'sk_test_very_secret', apiSecret: 'pk_test_other secret', market: 'secret' }),
    ).message;
    expect(message).not.toMatch(/very_secret|other secret/);
  });

  it('chooses the host by the prefix of the key; a base URL overrides it', () => {
    expect(clientSettings(GOOD, undefined).baseUrl).toBe('https://rest.sandbox.lalamove.com');
    expect(clientSettings({ ...GOOD, apiKey: 'pk_prod_k', apiSecret: 'sk_prod_s' }, undefined).baseUrl).toBe(
      'https://rest.lalamove.com',
    );
    expect(clientSettings({ ...GOOD, baseUrl: 'http://localhost:4010/proxy/' }, undefined).baseUrl).toBe(
      'http://localhost:4010/proxy',
    );
  });

  it('has the documented defaults', () => {
    expect(clientSettings(GOOD, undefined)).toMatchObject({
      timeoutMs: 10_000,
      deadlineMs: 30_000,
      retry: { maxAttempts: 3, baseDelayMs: 250, maxDelayMs: 8000 },
      validate: true,
      policy: 'mirror',
    });
  });
});

describe('lalamoveOptionsFromEnv', () => {
  it('reads every variable', () => {
    const options = lalamoveOptionsFromEnv({
      LALAMOVE_API_KEY: 'pk_test_k',
      LALAMOVE_API_SECRET: ' sk_test_s ',
      LALAMOVE_MARKET: 'TH',
      LALAMOVE_ENVIRONMENT: 'sandbox',
      LALAMOVE_BASE_URL: 'http://127.0.0.1:4010',
      LALAMOVE_TIMEOUT_MS: '5000',
      LALAMOVE_DEADLINE_MS: '20000',
      LALAMOVE_RETRY_MAX_ATTEMPTS: '2',
      LALAMOVE_RETRY_BASE_DELAY_MS: '0',
      LALAMOVE_RETRY_MAX_DELAY_MS: '1000',
      LALAMOVE_RATE_LIMIT: 'false',
      LALAMOVE_VALIDATE: 'false',
      LALAMOVE_ERRORS_FILTER: '1',
      LALAMOVE_ERRORS_STATUS: 'gateway',
      LALAMOVE_ERRORS_FORMAT: 'problem',
    });
    expect(options).toEqual({
      apiKey: 'pk_test_k',
      apiSecret: 'sk_test_s',
      market: 'TH',
      environment: 'sandbox',
      baseUrl: 'http://127.0.0.1:4010',
      timeoutMs: 5000,
      deadlineMs: 20_000,
      retry: { maxAttempts: 2, baseDelayMs: 0, maxDelayMs: 1000 },
      rateLimit: false,
      validate: false,
      errors: { filter: true, status: 'gateway', format: 'problem' },
    });
  });

  it.each([
    ['nothing else', undefined, { processes: 4 }],
    ['the limits on', 'true', { processes: 4 }],
    ['the limits off', 'false', false],
  ])('reads the number of processes, with %s', (_, limited, rateLimit) => {
    const options = lalamoveOptionsFromEnv({
      LALAMOVE_API_KEY: 'pk_test_k',
      LALAMOVE_API_SECRET: 'sk_test_s',
      LALAMOVE_MARKET: 'TH',
      LALAMOVE_RATE_LIMIT: limited,
      LALAMOVE_RATE_LIMIT_PROCESSES: '4',
    });
    expect(options.rateLimit).toEqual(rateLimit);
  });

  it('names the variables of an invalid endpoint', () => {
    const env = {
      LALAMOVE_API_KEY: 'pk_test_k',
      LALAMOVE_API_SECRET: 'sk_test_s',
      LALAMOVE_MARKET: 'HK',
      LALAMOVE_WEBHOOK_PATH: 'hooks/:shop',
      LALAMOVE_WEBHOOK_PUBLIC_PATH: 'https://shop.example/hooks',
      LALAMOVE_WEBHOOK_SECRETS: 'sk_test_s,',
      LALAMOVE_WEBHOOK_MAX_AGE_SECONDS: 'soon',
    };
    expect(problemsOf(() => lalamoveOptionsFromEnv(env))).toEqual([
      expect.stringMatching(/^webhook\.path \(LALAMOVE_WEBHOOK_PATH\) must be a path without parameters/),
      expect.stringMatching(/^webhook\.publicPath \(LALAMOVE_WEBHOOK_PUBLIC_PATH\) must be the path of the URL/),
      expect.stringMatching(/^webhook\.secrets \(LALAMOVE_WEBHOOK_SECRETS\) must be a list of at least one secret key/),
      expect.stringMatching(/^webhook\.maxAgeSeconds \(LALAMOVE_WEBHOOK_MAX_AGE_SECONDS\) must be a number of seconds/),
    ]);
  });

  it('names the variables of every invalid option', () => {
    const env = {
      LALAMOVE_API_KEY: '',
      LALAMOVE_MARKET: 'HK',
      LALAMOVE_TIMEOUT_MS: 'soon',
      LALAMOVE_RATE_LIMIT_PROCESSES: 'four',
      LALAMOVE_VALIDATE: 'maybe',
    };
    expect(problemsOf(() => lalamoveOptionsFromEnv(env))).toEqual([
      expect.stringMatching(/^apiKey \(LALAMOVE_API_KEY\) is missing/),
      expect.stringMatching(/^apiSecret \(LALAMOVE_API_SECRET\) is missing/),
      expect.stringMatching(/^timeoutMs \(LALAMOVE_TIMEOUT_MS\) must be a number of ms/),
      expect.stringMatching(/^rateLimit\.processes \(LALAMOVE_RATE_LIMIT_PROCESSES\) must be a whole number/),
      expect.stringMatching(/^validate \(LALAMOVE_VALIDATE\) must be true or false/),
    ]);
  });

  it.each([{}, { LALAMOVE_API_KEY: '', LALAMOVE_MARKET: ' ' }])(
    'asks for the file .env if nothing is set: %j',
    (env) => {
      const problems = problemsOf(() => lalamoveOptionsFromEnv(env));
      expect(problems).toHaveLength(4);
      expect(problems.at(-1)).toBe('Is .env loaded? Start with --env-file .env.');
    },
  );

  it('reads a second account with another prefix', () => {
    const env = {
      LALAMOVE_TH_API_KEY: 'pk_test_t',
      LALAMOVE_TH_API_SECRET: 'sk_test_t',
      LALAMOVE_TH_MARKET: 'TH',
      LALAMOVE_MARKET: 'HK',
    };
    expect(lalamoveOptionsFromEnv(env, 'LALAMOVE_TH_')).toEqual({
      apiKey: 'pk_test_t',
      apiSecret: 'sk_test_t',
      market: 'TH',
    });
  });
});
