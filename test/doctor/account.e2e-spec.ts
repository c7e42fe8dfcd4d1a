import { afterEach, describe, expect, it } from '@jest/globals';
import { DOCTOR_CHECKS, type DoctorOptions } from 'nestjs-lalamove/doctor';
import { LalamoveSandbox, systemClock, type LalamoveSandboxOptions } from 'nestjs-lalamove/sandbox';
import { readFileSync } from 'node:fs';
import { freePort } from '../support/free-port.js';
import { http, RawServer } from '../support/raw-server.js';
import { SkewedClock } from '../support/skewed-clock.js';
import { doctorOn, examined, problemsOf } from './examined.js';

const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function sandboxOf(options: LalamoveSandboxOptions = {}): Promise<LalamoveSandbox> {
  const sandbox = await LalamoveSandbox.start(options);
  ends.push(() => sandbox.stop());
  return sandbox;
}

/** A server that answers every request with the same bytes. */
async function serverOf(status: number, body: string, headers: Record<string, string> = {}): Promise<RawServer> {
  const server = await RawServer.start((socket) => socket.end(http(status, body, headers)));
  ends.push(() => server.stop());
  return server;
}

describe('LalamoveDoctor', () => {
  it('finds nothing wrong with a good account, and only reads', async () => {
    const sandbox = await sandboxOf();
    const report = await examined(doctorOn(sandbox));
    expect(problemsOf(report)).toEqual({});
    expect(report.ok).toBe(true);
    expect(report.findings.map(({ check }) => check)).toEqual(DOCTOR_CHECKS);
    const skipped = report.findings.filter(({ status }) => status === 'skipped').map(({ check }) => check);
    const webhook = DOCTOR_CHECKS.filter((check) => check.startsWith('webhook-'));
    expect(skipped).toEqual(['wallet', ...webhook]);
    expect(sandbox.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /v3/cities']);
  });

  it('tells the languages of the market, if none was given', async () => {
    const report = await examined({ ...doctorOn(await sandboxOf()), language: undefined });
    const finding = report.findings.find(({ check }) => check === 'language');
    expect(finding).toMatchObject({ status: 'skipped', message: expect.stringContaining('en_HK, zh_HK') });
  });

  it.each<[string, Partial<DoctorOptions>, Record<string, RegExp>]>([
    ['no keys', { apiKey: undefined }, { keys: /apiKey is missing: it must be the public key/ }],
    [
      'swapped keys',
      { apiKey: 'sk_test_a1b2c3d4e5', apiSecret: 'pk_test_a1b2c3d4e5' },
      { keys: /apiKey holds a secret/ },
    ],
    ['quotes', { apiSecret: '"sk_test_a1b2c3d4e5"' }, { keys: /apiSecret has quotation marks/ }],
    ['white space', { apiSecret: 'sk_test_a1b2c3d4e5\n' }, { keys: /without white space/ }],
    ['a cut key', { apiKey: 'pk_test_' }, { keys: /apiKey is too short/ }],
    [
      'one key twice',
      { apiKey: 'pk_test_a1b2c3d4e5', apiSecret: 'pk_test_a1b2c3d4e5' },
      { keys: /apiSecret equals apiKey/ },
    ],
    ['production at a test key', { environment: 'production' }, { environment: /environment is 'production' but/ }],
    ['a wrong host', { baseUrl: 'https://rest.lalamove.com' }, { environment: /is the production of Lalamove/ }],
    ['no market', { market: 'Hong Kong' }, { market: /two-letter market/ }],
    ['a wrong option', { timeoutMs: -1 }, { options: /timeoutMs/ }],
    ['a wrong webhook URL', { webhookUrl: 'shop.example/hooks' }, { options: /webhook\.url must be the absolute/ }],
  ])('asks nobody with %s', async (_, wrong, expected) => {
    const sandbox = await sandboxOf();
    const report = await examined({ ...doctorOn(sandbox), ...wrong });
    const problems = problemsOf(report);
    expect(Object.keys(problems)).toEqual(Object.keys(expected));
    for (const [check, message] of Object.entries(expected))
      expect(problems).toHaveProperty(check, expect.stringMatching(message));
    expect(report.ok).toBe(false);
    expect(sandbox.requests).toEqual([]);
  });

  it('warns of keys and a market that it does not know, and asks nevertheless', async () => {
    const sandbox = await sandboxOf({ apiKey: 'shop', apiSecret: 'unsuspicious' });
    const problems = problemsOf(await examined({ ...doctorOn(sandbox), market: 'ZZ' }));
    expect(problems).toEqual({
      keys: expect.stringMatching(/^warning: .*neither pk_test_ nor pk_prod_.*neither sk_test_/),
      market: expect.stringMatching(/^warning: .*ZZ is not a known one/),
      'market-accepted': expect.stringMatching(/^failed: The market ZZ is refused/),
    });
  });

  it('finds a wrong secret', async () => {
    const report = await examined({ ...doctorOn(await sandboxOf()), apiSecret: 'sk_test_of_another_account' });
    expect(problemsOf(report)).toEqual({
      signature: expect.stringMatching(/^failed: .*refused \(401\).* Copy both keys/),
    });
  });

  it('finds a wrong secret behind a gateway that answers 502', async () => {
    const sandbox = await sandboxOf({ wrongCredentials: 'bad-gateway' });
    const report = await examined({ ...doctorOn(sandbox), apiSecret: 'sk_test_of_another_account' });
    expect(problemsOf(report).signature).toMatch(/502\. Lalamove also answers this to wrong keys/);
  });

  it('finds the markets of the keys, if the market is wrong', async () => {
    const [apiKey, apiSecret] = ['pk_test_singapore', 'sk_test_singapore'];
    const sandbox = await sandboxOf({ accounts: [{ apiKey, apiSecret, market: 'SG' }] });
    const report = await examined({ ...doctorOn(sandbox), apiKey, apiSecret });
    expect(problemsOf(report)).toEqual({
      'market-accepted': expect.stringMatching(/^failed: The market HK is refused.* accepted in SG: set market/),
    });
    expect(new Set(sandbox.requests.map(({ method }) => method))).toEqual(new Set(['GET']));
  });

  it.each([
    [90_000, /^failed: The clock is (89|90|91) s ahead/],
    [-3_600_000, /^failed: The clock is (3599|3600) s behind/],
    [20_000, /^warning: The clock is (19|20|21) s ahead/],
  ])('finds a clock that is wrong by %d ms', async (skew, expected) => {
    const clock = new SkewedClock(systemClock);
    clock.skewMs = skew;
    const report = await examined({ ...doctorOn(await sandboxOf()), clock });
    expect(problemsOf(report)).toEqual({ clock: expect.stringMatching(expected) });
  });

  it('finds an unknown language', async () => {
    const report = await examined({ ...doctorOn(await sandboxOf()), language: 'th_TH' });
    expect(problemsOf(report)).toEqual({ language: expect.stringMatching(/^failed: .*Use en_HK, zh_HK/) });
  });

  it('finds a host that is down', async () => {
    const baseUrl = `http://127.0.0.1:${await freePort()}`;
    const problems = problemsOf(await examined({ ...doctorOn(await sandboxOf()), baseUrl }));
    expect(problems).toEqual({
      reachable: expect.stringMatching(
        /^failed: Nothing listens at 127\.0\.0\.1:\d+ \(ECONNREFUSED\)\. Start the sandbox: npx lalamove-sandbox\.$/,
      ),
    });
  });

  it('finds a host that DNS does not know', async () => {
    const baseUrl = 'http://no-such-host.invalid';
    const problems = problemsOf(await examined({ ...doctorOn(await sandboxOf()), baseUrl }));
    expect(problems.reachable).toMatch(
      /DNS does not know Lalamove's host, no-such-host\.invalid \((ENOTFOUND|EAI_AGAIN)\)/,
    );
  });

  it('finds a certificate that is not trusted', async () => {
    const [key, cert] = ['key', 'cert'].map((name) => readFileSync(`test/fixtures/tls/${name}.pem`, 'utf8'));
    const sandbox = await sandboxOf({ tls: { key: key ?? '', cert: cert ?? '' } });
    expect(problemsOf(await examined(doctorOn(sandbox))).reachable).toMatch(
      /^failed: TLS with 127\.0\.0\.1:\d+ failed/,
    );
  });

  it('finds a server that does not answer', async () => {
    const server = await RawServer.start(() => undefined);
    ends.push(() => server.stop());
    const options = { ...doctorOn(await sandboxOf()), baseUrl: server.url, timeoutMs: 200 };
    expect(problemsOf(await examined(options)).reachable).toMatch(/did not answer within 2\d\d ms \(TIMEOUT\)/);
  });

  it.each<[string, number, string, Record<string, string>, RegExp]>([
    ['a page of a proxy', 200, '<html>Sign in</html>', { 'content-type': 'text/html' }, /an HTML page \(200\)/],
    ['a page of a firewall', 403, '<html>Blocked</html>', { 'content-type': 'text/html' }, /an HTML page \(403\)/],
    ['other JSON', 200, '{"hello":1}', {}, /without a list of cities/],
    ['a redirect', 302, '', { location: 'https://elsewhere.example/' }, /a redirect/],
    ['another path', 404, '{}', {}, /has no \/v3\/cities \(404\)/],
    ['a proxy with a password', 407, '', {}, /demands credentials \(407\)/],
  ])('finds %s in place of Lalamove', async (_, status, body, headers, expected) => {
    const server = await serverOf(status, body, headers);
    const problems = problemsOf(await examined({ ...doctorOn(await sandboxOf()), baseUrl: server.url }));
    expect(problems).toEqual({ reachable: expect.stringMatching(expected) });
    expect(problems.reachable).toMatch(/^failed: /);
  });

  it('says what it cannot know while Lalamove fails or is busy', async () => {
    for (const [status, expected] of [
      [500, /Lalamove failed \(500\)/],
      [429, /rate limit is exceeded/],
    ] as const) {
      const server = await serverOf(status, '{}');
      const report = await examined({ ...doctorOn(await sandboxOf()), baseUrl: server.url });
      const finding = report.findings.find(({ check }) => check === 'signature');
      expect(finding).toMatchObject({ status: 'skipped', message: expect.stringMatching(expected) });
    }
  });

  it('finds rate limits that are nearly used up, and their absence', async () => {
    const busy = await serverOf(200, '{"data":[]}', { 'ratelimit-limit': '50', 'ratelimit-remaining': '2' });
    const problems = problemsOf(await examined({ ...doctorOn(await sandboxOf()), baseUrl: busy.url }));
    expect(problems['rate-limits']).toMatch(/Only 2 of 50/);
    expect(problems.cities).toMatch(/^failed: Lalamove lists 0 cities/);
    const unlimited = await sandboxOf({ rateLimits: false });
    expect(problemsOf(await examined(doctorOn(unlimited)))).toHaveProperty(
      'rate-limits',
      expect.stringMatching(/^warning/),
    );
  });

  it('uses the proxy of the options', async () => {
    const proxy = await serverOf(407, '');
    const { port } = new URL(proxy.url);
    const options = { ...doctorOn(await sandboxOf()), http: { proxy: { host: '127.0.0.1', port: Number(port) } } };
    expect(problemsOf(await examined(options)).reachable).toMatch(/The proxy demands credentials/);
    expect(proxy.requests[0]).toMatch(/^GET http:\/\/127\.0\.0\.1:\d+\/v3\/cities /);
  });
});
