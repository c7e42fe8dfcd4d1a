import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { LalamoveService, systemClock, type LalamoveModuleOptions } from 'nestjs-lalamove';
import { LalamoveHealthIndicator, type LalamoveHealthModuleOptions } from 'nestjs-lalamove/health';
import { LalamoveSandbox, type LalamoveSandboxOptions } from 'nestjs-lalamove/sandbox';
import { accountOn } from '../support/account.js';
import { freePort } from '../support/free-port.js';
import { PLATFORMS, type Platform } from '../support/host-app.js';
import { QUOTATION } from '../support/inputs.js';
import { SkewedClock } from '../support/skewed-clock.js';
import { healthOf, startHealthHost } from './health-host.js';

const ends: (() => Promise<unknown>)[] = [];
let sandbox: LalamoveSandbox;
let app: INestApplication;
let url: string;

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function startSandbox(options: LalamoveSandboxOptions = {}): Promise<void> {
  sandbox = await LalamoveSandbox.start(options);
  ends.push(() => sandbox.stop());
}

async function start(
  account: Partial<LalamoveModuleOptions> = {},
  options?: LalamoveHealthModuleOptions,
  { platform = 'express', others = [] }: { platform?: Platform; others?: LalamoveModuleOptions[] } = {},
): Promise<void> {
  ({ app, url } = await startHealthHost(platform, sandbox, account, options, others));
  ends.push(() => app.close());
}

const cityCalls = (): number => sandbox.requests.filter(({ path }) => path.startsWith('/v3/cities')).length;

describe.each(PLATFORMS)('LalamoveHealthIndicator on %s', (platform) => {
  it('is up with latency, clock skew and the room of the rate limit, by one call that costs nothing', async () => {
    await startSandbox();
    await start({}, undefined, { platform });
    const { answer, details } = await healthOf(url, 'lalamove', 'lalamove');
    expect(answer.status).toBe(200);
    expect(details).toEqual({
      status: 'up',
      checkedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      latencyMs: expect.any(Number),
      clockSkewMs: expect.any(Number),
      rateLimit: { operation: 'getCities', limit: 50, remaining: 49 },
    });
    expect(Math.abs(Number(details.clockSkewMs))).toBeLessThan(1500);
    expect(sandbox.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /v3/cities']);
    expect(sandbox.orders).toEqual([]);
  });

  it.each<[string, Partial<LalamoveModuleOptions>, LalamoveSandboxOptions, object]>([
    [
      'the secret is wrong',
      { apiSecret: 'sk_test_wrong' },
      {},
      { reason: 'KEYS_REFUSED', remedy: expect.stringContaining('apiSecret') },
    ],
    [
      'the keys are unknown, and Lalamove answers a bare 502',
      { apiKey: 'pk_test_wrong' },
      { wrongCredentials: 'bad-gateway' },
      { reason: 'LALAMOVE_FAILS', remedy: expect.stringContaining('Wrong API keys can cause this') },
    ],
    ['the market does not exist', { market: 'XX' }, {}, { reason: 'MARKET_REFUSED' }],
  ])('is down with a reason and a remedy, and shows no key, if %s', async (_, account, options, problem) => {
    await startSandbox(options);
    await start(account, undefined, { platform });
    const { answer, details } = await healthOf(url, 'lalamove', 'lalamove');
    expect(answer.status).toBe(503);
    expect(details).toMatchObject({ status: 'down', problems: [expect.objectContaining(problem)] });
    expect(JSON.stringify(answer.body)).not.toMatch(/pk_test|sk_test|hmac/);
  });

  it('is down if nothing listens, and knows no axios error', async () => {
    await startSandbox();
    await start({ baseUrl: `http://127.0.0.1:${await freePort()}` }, undefined, { platform });
    const { answer, details } = await healthOf(url, 'lalamove', 'lalamove');
    expect(answer.status).toBe(503);
    expect(details).toMatchObject({
      status: 'down',
      problems: [{ reason: 'UNREACHABLE', severity: 'down', remedy: 'Start the sandbox: npx lalamove-sandbox.' }],
    });
    expect(JSON.stringify(answer.body)).not.toMatch(/axios|ECONNREFUSED|stack/i);
  });

  it('is down for each of several accounts alone, and for one that is not registered', async () => {
    await startSandbox({ accounts: [{ apiKey: 'pk_test_th', apiSecret: 'sk_test_th' }] });
    const thailand = { ...accountOn(sandbox), name: 'thailand', apiKey: 'pk_test_th', apiSecret: 'sk_test_no' };
    await start({}, undefined, { platform, others: [thailand] });
    const { answer, details } = await healthOf(url, 'thailand', 'thailand');
    expect(answer.body).toMatchObject({ info: { lalamove: { status: 'up' } }, status: 'error' });
    expect(details).toMatchObject({ status: 'down', problems: [{ reason: 'KEYS_REFUSED' }] });
    const unknown = await app.get(LalamoveHealthIndicator).isHealthy('laos', { account: 'laos' });
    expect(unknown).toMatchObject({ laos: { status: 'down', problems: [{ reason: 'NOT_REGISTERED' }] } });
  });
});

describe('LalamoveHealthIndicator', () => {
  it('answers in time if Lalamove hangs', async () => {
    await startSandbox();
    sandbox.addFault({ call: 'getCities', answer: 'hang' });
    await start({}, { lalamove: { timeoutMs: 200 } });
    const startedAt = performance.now();
    const { details } = await healthOf(url, 'lalamove', 'lalamove');
    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect(details).toMatchObject({ status: 'down', problems: [{ reason: 'TIMEOUT' }] });
  });

  it.each([
    ['ahead of', 120_000],
    ['behind', -120_000],
  ])("is down if the clock is %s Lalamove's", async (words, skewMs) => {
    const clock = new SkewedClock(systemClock);
    clock.skewMs = skewMs;
    await startSandbox();
    await start({ clock });
    const { details } = await healthOf(url, 'lalamove', 'lalamove');
    expect(Math.abs(Number(details.clockSkewMs) - skewMs)).toBeLessThan(2000);
    const message = expect.stringMatching(new RegExp(`1(19|2[01]) s ${words} Lalamove's`));
    expect(details).toMatchObject({ status: 'down', problems: [{ reason: 'CLOCK_SKEWED', message }] });
    const patient = await app.get(LalamoveHealthIndicator).isHealthy('lalamove', { maxClockSkewMs: 180_000 });
    expect(patient).toMatchObject({ lalamove: { status: 'up' } });
  });

  it('calls Lalamove once for many probes, also if they come at once, and again after cacheMs', async () => {
    await startSandbox();
    await start({}, { lalamove: { cacheMs: 300 } });
    await Promise.all(Array.from({ length: 20 }, () => healthOf(url, 'lalamove', 'lalamove')));
    expect(cityCalls()).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 350));
    await healthOf(url, 'lalamove', 'lalamove');
    expect(cityCalls()).toBe(2);
    await app.get(LalamoveHealthIndicator).isHealthy('lalamove', { cacheMs: 0 });
    expect(cityCalls()).toBe(3);
  });

  it('is down while Lalamove takes no more requests, and up again after a minute', async () => {
    await startSandbox({ rateLimits: 'sandbox' });
    // The sandbox's clock is advanced, and that of the app is not.
    await start({}, { lalamove: { cacheMs: 0, maxClockSkewMs: 3_600_000 } });
    const lalamove = app.get(LalamoveService);
    await Promise.allSettled(Array.from({ length: 50 }, () => lalamove.getCities()));
    const { answer, details } = await healthOf(url, 'lalamove', 'lalamove');
    expect(answer.status).toBe(503);
    expect(details).toMatchObject({
      problems: [{ reason: 'RATE_LIMITED' }],
      rateLimit: { operation: 'getCities', remaining: 0 },
    });
    await sandbox.advance('2m');
    expect((await healthOf(url, 'lalamove', 'lalamove')).answer.status).toBe(200);
  });

  it('is degraded if a call of the app has used up its room, and still answers 200', async () => {
    await startSandbox({ rateLimits: 'sandbox' });
    await start();
    const lalamove = app.get(LalamoveService);
    await Promise.all(Array.from({ length: 29 }, () => lalamove.createQuotation(QUOTATION)));
    const { answer, details } = await healthOf(url, 'lalamove', 'lalamove');
    expect(answer.status).toBe(200);
    expect(details).toMatchObject({
      status: 'degraded',
      problems: [{ reason: 'RATE_LIMIT_LOW', severity: 'degraded' }],
      rateLimit: { operation: 'createQuotation', limit: 30 },
    });
    const strict = await app.get(LalamoveHealthIndicator).isHealthy('lalamove', { minRateLimitRoom: 0 });
    expect(strict).toMatchObject({ lalamove: { status: 'up' } });
  });

  it("says so if the app's own limiter gives it no slot in time", async () => {
    await startSandbox();
    await start({ rateLimit: { perMinute: { getCities: 1 } } }, { lalamove: { cacheMs: 0, timeoutMs: 1000 } });
    expect((await healthOf(url, 'lalamove', 'lalamove')).answer.status).toBe(200);
    const { details } = await healthOf(url, 'lalamove', 'lalamove');
    expect(details).toMatchObject({ status: 'down', problems: [{ reason: 'RATE_LIMITED' }] });
    expect(cityCalls()).toBe(1);
  });

  it('refuses wrong options at once, with all problems', async () => {
    await startSandbox();
    const wrong = { lalamove: { cacheMs: -1, cache: 5 }, deliveries: { timeoutMs: 0 } };
    const boot = startHealthHost('express', sandbox, {}, wrong);
    await expect(boot).rejects.toThrow(
      /lalamove\.cacheMs must be[\s\S]*lalamove\.cache is not an option[\s\S]*deliveries\.timeoutMs/,
    );
  });
});
