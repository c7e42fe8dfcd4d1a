import { afterEach, describe, expect, it } from '@jest/globals';
import { runConformance, type ConformanceOptions, type ConformanceReport } from 'nestjs-lalamove/conformance';
import { LalamoveSandbox, type LalamoveSandboxOptions } from 'nestjs-lalamove/sandbox';

const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function sandboxOf(options: LalamoveSandboxOptions = {}): Promise<LalamoveSandbox> {
  const sandbox = await LalamoveSandbox.start(options);
  ends.push(() => sandbox.stop());
  return sandbox;
}

function runOn(sandbox: LalamoveSandbox, more: Partial<ConformanceOptions> = {}): Promise<ConformanceReport> {
  const { apiKey, apiSecret, url: baseUrl } = sandbox;
  return runConformance({ apiKey, apiSecret, market: 'HK', baseUrl, ...more });
}

/** The differences as short texts. */
function textsOf({ differences }: ConformanceReport): string[] {
  return differences.map(({ step, kind, at, target, reference }) => `${step} ${kind} ${at}: ${target} / ${reference}`);
}

describe('runConformance', () => {
  it.each(['HK', 'BR', 'SA'])('finds no difference between two sandboxes in %s', async (market) => {
    const sandbox = await sandboxOf({ seed: 'other' });
    const report = await runOn(sandbox, { market });
    expect(report).toMatchObject({ differences: [], leftOver: [], hasUnknownOrder: false, ok: true });
    expect(report.notCompared).toEqual([{ step: 'get-driver', why: 'no driver was assigned' }]);
    expect(report.steps).toHaveLength(31);
  });

  it('cancels what it places, and quotes and orders within the limits', async () => {
    const sandbox = await sandboxOf();
    await runOn(sandbox);
    const { total } = await sandbox.control.ledger();
    expect(sandbox.orders.map(({ status }) => status)).toEqual(['CANCELED', 'CANCELED']);
    expect(total.live).toEqual([]);
    expect(sandbox.requests.filter(({ answer }) => answer?.status === 429)).toEqual([]);
    const placed = sandbox.requests.filter(({ method, path }) => method === 'POST' && path === '/v3/orders');
    const pauses = placed.slice(1).map(({ at }, index) => at - (placed[index]?.at ?? 0));
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(500);
  });

  it('finds exactly what differs if a quotation can be ordered only once', async () => {
    const sandbox = await sandboxOf({ unknowns: { reorderedQuotation: 'refused' } });
    expect(textsOf(await runOn(sandbox))).toEqual([
      'place-same-quotation status : 422 / 201',
      'place-same-quotation codes : ERR_INVALID_QUOTATION_ID / none',
    ]);
    const reference: LalamoveSandboxOptions = { unknowns: { reorderedQuotation: 'refused' } };
    expect(textsOf(await runOn(sandbox, { reference }))).toEqual([]);
  });

  it('finds nothing if only webhooks differ', async () => {
    const unknowns = { webhookRetries: 'repeated', orderCreated: 'after-answer', metadata: 'every-event' } as const;
    expect(textsOf(await runOn(await sandboxOf({ unknowns })))).toEqual([]);
  });

  it('finds exactly the codes of the older validation', async () => {
    const report = await runOn(await sandboxOf({ validation: 'codes' }));
    expect(new Set(report.differences.map(({ kind }) => kind))).toEqual(new Set(['codes', 'pointers', 'member']));
    const ofCodes = report.differences.filter(({ kind }) => kind === 'codes');
    expect(new Set(ofCodes.map(({ step }) => step))).toEqual(
      new Set([
        'quote-empty',
        'quote-one-stop',
        'quote-unknown-service',
        'quote-unknown-request',
        'quote-past',
        'place-bad-phone',
      ]),
    );
  });

  it('finds another status for wrong credentials, and the page in place of JSON', async () => {
    const report = await runOn(await sandboxOf({ wrongCredentials: 'bad-gateway' }));
    expect(textsOf(report)).toEqual([
      'bad-signature status : 502 / 401',
      'bad-signature body : HTML / empty',
      'bad-signature content-type : text/html / application/json;charset=utf-8',
    ]);
  });

  it('finds other members and types', async () => {
    const sandbox = await sandboxOf();
    const cities = [{ locode: 'HK HKG', name: 7, news: true, services: [{ key: 'MOTORCYCLE' }] }];
    const body = JSON.stringify({ data: cities });
    await sandbox.control.addFault({ call: 'getCities', answer: { status: 200, body, headers: { 'x-news': '1' } } });
    const texts = textsOf(await runOn(sandbox));
    expect(texts).toEqual(
      expect.arrayContaining([
        'cities member data[].news: boolean / absent',
        'cities member data[].services[].description: absent / text',
        'cities type data[].name: number / text',
        'cities header x-news: present / absent',
        'cities header ratelimits-limit-getcities: absent / present',
      ]),
    );
    expect(texts.filter((text) => !text.startsWith('cities '))).toEqual([]);
  });

  it('finds other names of headers, and other limits', async () => {
    const texts = textsOf(await runOn(await sandboxOf({ rateLimitHeaders: 'plain' })));
    expect(texts).toContain('quote header ratelimit-limit: present / absent');
    expect(texts).toContain('quote header ratelimits-limit-postquotation: absent / present');
    expect(texts.filter((text) => !/ header ratelimits?-/.test(text))).toEqual([]);
    const more = textsOf(await runOn(await sandboxOf({ rateLimits: 'production' })));
    expect(more).toContain('quote limit : 100 / 30');
    expect(more.filter((text) => !/ limit : (100|300) \/ (30|50)$/.test(text))).toEqual([]);
  });

  it('compares the driver, if one was assigned, and else nothing that depends on one', async () => {
    const sandbox = await sandboxOf({ drivers: [{ do: 'accept', after: '0s' }] });
    const report = await runOn(sandbox);
    expect(textsOf(report)).toEqual([]);
    expect(report.steps).toContain('get-driver');
    expect(report.notCompared).toEqual([]);
    const waiting = await runOn(sandbox, { reference: { drivers: 'still' } });
    expect(textsOf(waiting)).toEqual([]);
    expect(waiting.notCompared.map(({ step }) => step)).toEqual(expect.arrayContaining(['fee', 'edit', 'get-driver']));
  });

  it('exceeds a limit only if it is told to', async () => {
    const sandbox = await sandboxOf();
    const report = await runOn(sandbox, { limits: true });
    expect(textsOf(report)).toEqual([]);
    expect(report.steps.at(-1)).toBe('limit');
    expect(sandbox.requests.filter(({ answer }) => answer?.status === 429)).toHaveLength(1);
    const unlimited = await sandboxOf({ rateLimits: false });
    const texts = textsOf(await runOn(unlimited, { limits: true }));
    expect(texts.filter((text) => text.startsWith('limit '))).toContain('limit status : 404 / 429');
  });

  it('uses the services of the API, if they are not those of the sandbox', async () => {
    const services = [{ key: 'ROCKET', description: 'A rocket' }];
    const sandbox = await sandboxOf({ cities: [{ locode: 'HK HKG', name: 'Hong Kong', services }] });
    const report = await runOn(sandbox);
    expect(new Set(report.differences.map(({ step }) => step))).toEqual(new Set(['cities']));
    expect(report.exchanges.find(({ step }) => step === 'quote')?.response).toMatchObject({ status: 201 });
  });

  it('records exchanges without keys and personal data', async () => {
    const sandbox = await sandboxOf();
    const { exchanges } = await runOn(sandbox);
    const text = JSON.stringify(exchanges);
    expect(exchanges).toHaveLength(31);
    for (const personal of [sandbox.apiKey, sandbox.apiSecret, '51234567', 'Conformance Test', 'Conformance street']) {
      expect(text).not.toContain(personal);
    }
    const place = exchanges.find(({ step }) => step === 'place');
    expect(place?.request.headers.authorization).toMatch(/^hmac <key>:\d{13}:<signature>$/);
    expect(JSON.parse(place?.request.body ?? '')).toMatchObject({
      data: { sender: { name: '<name>', phone: '<phone>' } },
    });
    const answer = place && 'status' in place.response ? place.response.body : '';
    expect(JSON.parse(answer)).toMatchObject({ data: { stops: [{ name: '<name>', address: '<address>' }, {}] } });
  });

  it('cancels and stops if it is interrupted', async () => {
    const sandbox = await sandboxOf();
    const stop = new AbortController();
    const onStep = (step: string): void => {
      if (step === 'place-same-quotation') stop.abort();
    };
    const report = await runOn(sandbox, { signal: stop.signal, onStep });
    expect(report).toMatchObject({ isInterrupted: true, ok: false, differences: [], leftOver: [] });
    expect(report.steps.at(-1)).toBe('place-same-quotation');
    expect(sandbox.orders.map(({ status }) => status)).toEqual(['CANCELED', 'CANCELED']);
  });

  it('tells of orders that it could not cancel, and of answers that were lost', async () => {
    const sandbox = await sandboxOf();
    await sandbox.control.addFault({ call: 'cancelOrder', answer: { code: 'ERR_CANCELLATION_FORBIDDEN' }, times: 100 });
    const report = await runOn(sandbox);
    expect(report.ok).toBe(false);
    expect(new Set(report.leftOver)).toEqual(new Set(sandbox.orders.map(({ orderId }) => orderId)));
    const losing = await sandboxOf();
    await losing.control.addFault({ call: 'placeOrder', work: 'done', answer: 'reset', times: 10 });
    expect(await runOn(losing)).toMatchObject({ ok: false, hasUnknownOrder: true });
  });

  it.each<[string, Partial<ConformanceOptions>, RegExp]>([
    ['a production key', { apiKey: 'pk_prod_a1b2c3d4' }, /must be a pk_test_ key/],
    ['a production secret', { apiSecret: 'sk_prod_a1b2c3d4' }, /must be an sk_test_ key/],
    ['an unknown key', { apiKey: 'a1b2c3d4' }, /must be a pk_test_ key/],
    ['the production host', { baseUrl: 'https://rest.lalamove.com' }, /not production/],
    ['the production host with a dot', { baseUrl: 'https://REST.lalamove.com./v3' }, /not production/],
    ['another host of production', { baseUrl: 'https://rest.sg.lalamove.com:443/v3' }, /not production/],
    ['full-width letters', { baseUrl: 'https://ｒｅｓｔ.lalamove。com' }, /not production/],
    ['no URL', { baseUrl: 'rest.sandbox' }, /base URL/],
    ['an unknown market', { market: 'ZZ' }, /market/],
  ])('refuses %s', async (_, wrong, message) => {
    const sandbox = await sandboxOf();
    await expect(runOn(sandbox, wrong)).rejects.toThrow(message);
    expect(sandbox.requests).toEqual([]);
  });
});
