import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { request, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import fc from 'fast-check';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { CONTROL_ROUTES } from '../../src/sandbox/control/control-routes.js';
import { OTHER, Scene, HK } from './control-scene.js';

const scene = new Scene();

beforeEach(() => scene.start());

afterEach(() => scene.stop());

const answerTo = (outgoing: ClientRequest): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    outgoing.on('response', resolve).on('error', reject);
  });

/** A request with headers that `fetch` would not send. */
async function ask(
  method: string,
  path: string,
  { body = '', headers = {} }: { body?: string; headers?: Record<string, string> } = {},
): Promise<{ status: number | undefined; headers: IncomingHttpHeaders; body: string }> {
  const type = method === 'GET' ? {} : { 'content-type': 'application/json' };
  const outgoing = request(scene.sandbox.url + path, { method, agent: false, headers: { ...type, ...headers } });
  outgoing.end(body);
  const response = await answerTo(outgoing);
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode, headers: response.headers, body: text };
}

describe('/_sandbox', () => {
  it('returns information about this sandbox', async () => {
    const { status, headers, body } = await ask('GET', '/_sandbox');
    expect([status, headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    expect(JSON.parse(body)).toMatchObject({
      apiKeys: [scene.sandbox.apiKey, OTHER.apiKey],
      time: { now: '2026-11-22T08:00:00.000Z', speed: 0 },
      drivers: 'still',
      unknowns: { reorderedQuotation: 'allowed' },
      counts: { orders: 0, quotations: 0, requests: 0 },
    });
    expect(JSON.parse((await ask('GET', '/_sandbox/')).body)).toEqual(JSON.parse(body));
  });

  it.each([
    ['GET', '/_sandbox/nothing', 404, /no GET \/_sandbox\/nothing/],
    ['DELETE', '/_sandbox/ledger', 404, /no DELETE \/_sandbox\/ledger/],
    ['POST', '/_sandbox/orders/1', 404, /no POST/],
    ['GET', '/_sandbox/orders/%zz', 400, /no order %zz/],
    ['GET', '/_sandboxes', 404, /\S/],
    ['OPTIONS', '/_sandbox/orders', 404, /no OPTIONS/],
  ])('answers %s %s with %d and a message', async (method, path, status, message) => {
    const answer = await ask(method, path);
    expect(answer.status).toBe(status);
    const { message: text } = JSON.parse(answer.body) as { message: string };
    expect(text).toMatch(message);
  });

  it.each(['{', '[]', '1', '"text"', 'null', '{"by":"1h"} '.repeat(2)])('refuses the body %j', async (body) => {
    const answer = await ask('POST', '/_sandbox/clock/advance', { body });
    expect([answer.status, answer.body]).toEqual([400, '{"message":"The body must be a JSON object."}\n']);
  });

  it.each([
    ['PUT', '/clock', {}],
    ['PUT', '/clock', { speed: '1' }],
    ['POST', '/clock/advance', {}],
    ['POST', '/clock/advance', { by: null }],
    ['PUT', '/drivers', { script: 'nonsense' }],
    ['PUT', '/drivers', { script: [{ do: 'dance' }] }],
    ['PUT', '/drivers', { script: [{ do: 'accept', after: null }] }],
    ['PUT', '/drivers', { script: [null] }],
    ['PUT', '/drivers', {}],
    ['PUT', '/wallets', { market: 'HK' }],
    ['PUT', '/wallets', { market: 'HK', balance: 5 }],
    ['PUT', '/wallets', { market: 5, balance: '5' }],
    ['PUT', '/wallets', { market: 'HK', apiKey: 5, balance: '5' }],
    ['POST', '/faults', { nonsense: 1 }],
    ['POST', '/faults', { call: 5 }],
    ['POST', '/faults', { call: null }],
    ['POST', '/faults', { call: ['no such call'] }],
    ['POST', '/faults', { work: 'half' }],
    ['POST', '/faults', { answer: 'silence' }],
    ['POST', '/faults', { answer: { code: 'ERR_NO_SUCH_CODE' } }],
    ['POST', '/faults', { answer: { code: 'ERR_INVALID_FIELD', headers: { 'no header': 'x' } } }],
    ['POST', '/faults', { answer: { status: 200, body: '', headers: { a: 'line\nbreak' } } }],
    ['POST', '/faults', { answer: { status: 200, body: '', headers: { a: {} } } }],
    ['POST', '/faults', { webhook: 'eaten' }],
    ['POST', '/faults', { webhook: 'lost', event: 5 }],
    ['POST', '/faults', { webhook: 'lost', event: [5] }],
    ['POST', '/faults', { webhook: 'lost', orderId: 5 }],
    ['POST', '/faults', { webhook: 'delayed', delay: 'soon' }],
    ['POST', '/refuse', {}],
    ['POST', '/webhooks', { market: 'HK' }],
    ['POST', '/webhooks', { market: 'HK', eventType: 5 }],
  ])('refuses %s %s %j with a message', async (method, path, body) => {
    const answer = await ask(method, `/_sandbox${path}`, { body: JSON.stringify(body) });
    expect([answer.status, answer.body]).toEqual([400, expect.stringMatching(/^\{"message":".*\w{3}/)]);
  });

  it.each([undefined, 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'refuses the content type %j, which a web page could send without a preflight',
    async (type) => {
      const response = await fetch(`${scene.sandbox.url}/_sandbox/faults`, {
        method: 'POST',
        ...(type !== undefined && { headers: { 'content-type': type } }),
        body: new TextEncoder().encode('{"answer":"reset"}'),
      });
      expect([response.status, await response.json()]).toEqual([415, { message: expect.any(String) }]);
      expect((await fetch(`${scene.sandbox.url}/_sandbox`, { method: 'DELETE' })).status).toBe(415);
      expect(await scene.sandbox.control.faults()).toEqual([]);
    },
  );

  it('accepts JSON with a charset', async () => {
    const headers = { 'content-type': 'application/json; charset=UTF-8' };
    expect((await ask('POST', '/_sandbox/clock/advance', { headers, body: '{"by":"1s"}' })).status).toBe(200);
  });

  it.each(['evil.example', 'evil.example:80', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1', '127.1'])(
    'refuses the host name %j, which a web page could point here',
    async (host) => {
      for (const path of ['/_sandbox/ledger', '/_sandbox/events']) {
        const answer = await ask('GET', path, { headers: { host } });
        expect([answer.status, JSON.parse(answer.body)]).toEqual([
          403,
          { message: expect.stringContaining('localhost') },
        ]);
      }
      const moved = await ask('POST', '/_sandbox/clock/advance', { headers: { host }, body: '{"by":"1h"}' });
      expect(moved.status).toBe(403);
      expect(scene.sandbox.clock.now()).toBe(Date.parse('2026-11-22T08:00:00Z'));
    },
  );

  it.each(['cross-site', 'same-site'])('refuses what a browser sends for a page of a %s origin', async (site) => {
    // A picture of such a page could become a follower of the clock, for which each webhook waits.
    for (const path of ['/_sandbox/clock/followers/x/0', '/_sandbox/events', '/_sandbox/ledger']) {
      expect((await ask('GET', path, { headers: { 'sec-fetch-site': site } })).status).toBe(403);
    }
    const moved = await ask('POST', '/_sandbox/clock/advance', {
      headers: { 'sec-fetch-site': site },
      body: '{"by":1}',
    });
    expect([moved.status, scene.sandbox.clock.now()]).toEqual([403, Date.parse('2026-11-22T08:00:00Z')]);
    for (const own of ['same-origin', 'none'])
      expect((await ask('GET', '/_sandbox/ledger', { headers: { 'sec-fetch-site': own } })).status).toBe(200);
  });

  it.each(['localhost', 'localhost:4010', '127.0.0.1', '127.0.0.2:80', '[::1]:4010'])(
    'accepts the host name %j',
    async (host) => {
      expect((await ask('GET', '/_sandbox/ledger', { headers: { host } })).status).toBe(200);
    },
  );

  it('accepts any host name if it listens beyond this machine', async () => {
    const open = await LalamoveSandbox.start({ host: '0.0.0.0' });
    const { port } = new URL(open.url);
    const outgoing = request(`http://127.0.0.1:${port}/_sandbox/ledger`, { headers: { host: 'sandbox:4010' } }).end();
    const response = await answerTo(outgoing);
    expect(response.resume().statusCode).toBe(200);
    await open.stop();
  });

  it('does not let a page of another origin read it', async () => {
    const headers = { origin: 'https://evil.example' };
    const preflight = { ...headers, 'access-control-request-method': 'POST' };
    const answers = [
      await ask('GET', '/_sandbox/ledger', { headers }),
      await ask('POST', '/_sandbox/clock/advance', { headers, body: '{"by":"1s"}' }),
      await ask('OPTIONS', '/_sandbox/clock/advance', { headers: preflight }),
    ];
    for (const answer of answers) {
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect(answer.headers['cache-control']).toBe('no-store');
    }
  });

  it('refuses a body that is too long with 413, and continues to work', async () => {
    const body = JSON.stringify({ by: 'x'.repeat(1_000_000) });
    const answer = await ask('POST', '/_sandbox/clock/advance', { body });
    expect([answer.status, JSON.parse(answer.body)]).toEqual([413, { message: expect.stringContaining('1000000') }]);
    expect((await ask('GET', '/_sandbox/clock')).status).toBe(200);
  });

  it('reads the whole request of a client that sends everything before it reads the answer', async () => {
    const { port, host } = new URL(scene.sandbox.url);
    const head = `PUT /_sandbox/drivers HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\n`;
    const socket = connect(Number(port), '127.0.0.1').pause();
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.write(`${head}content-length: 20000000\r\n\r\n${'x'.repeat(20_000_000)}`, () => {
        resolve();
      });
    });
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect(text).toMatch(/^HTTP\/1.1 413 /);
  });

  /** The first events of the stream, as text. */
  async function events(count: number, path: string, headers: Record<string, string> = {}): Promise<string[]> {
    const ends = new AbortController();
    const response = await fetch(scene.sandbox.url + path, { headers, signal: ends.signal });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
    });
    expect(response.headers.has('access-control-allow-origin')).toBe(false);
    let text = '';
    const blocks = (): string[] =>
      text
        .split('\n\n')
        .slice(0, -1)
        .filter((block) => !/^(:|retry: )/.test(block));
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    while (blocks().length < count) text += (await reader?.read())?.value ?? '';
    ends.abort();
    return blocks();
  }

  it('returns the latest lines of the log alone if they are limited', async () => {
    await scene.book();
    const lines = await scene.sandbox.control.log();
    expect(JSON.parse((await ask('GET', '/_sandbox/log?limit=2')).body)).toEqual(lines.slice(-2));
    expect(JSON.parse((await ask('GET', '/_sandbox/log?limit=999')).body)).toEqual(lines);
    for (const limit of ['0', '-1', 'x', ''])
      expect((await ask('GET', `/_sandbox/log?limit=${limit}`)).status).toBe(400);
  });

  it('refuses whatever it cannot use, and never fails because of it', async () => {
    const id = await scene.book();
    // Without those that wait, or take away what the others need.
    const routes = CONTROL_ROUTES.filter(
      ({ method, path }) => method !== 'DELETE' && !/refuse|followers|advance|restore/.test(path),
    );
    const names = [
      ...'status do script lat speed market balance call answer times webhook event data metadata'.split(' '),
    ];
    const leaf = fc.oneof(
      fc.constantFrom('ON_GOING', 'accept', 'HK', 'always', 'lost', 'reset', '2m', '__proto__', 1e308, null),
      fc.string(),
      fc.double(),
    );
    const body = fc.dictionary(
      fc.constantFrom(...names),
      fc.oneof(leaf, fc.array(leaf), fc.dictionary(fc.string(), leaf)),
    );
    const text = fc.oneof(
      fc.constantFrom(id, '1', '%00', '%E0%A4%A', '__proto__'),
      fc.string().map(encodeURIComponent),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...routes), body, text, async ({ method, path }, sent, given) => {
        const query = method === 'GET' ? `?text=${given}&limit=${given}` : '';
        const target = `/_sandbox${path.replace(/:\w+/g, given)}${query}`;
        const { status } = await ask(method, target, { ...(method !== 'GET' && { body: JSON.stringify(sent) }) });
        expect([200, 204, 400, 404]).toContain(status);
      }),
      { numRuns: 400 },
    );
  });

  it('streams the log as server-sent events', async () => {
    await scene.sandbox.control.setBalance(HK, '1');
    const lines = await scene.sandbox.control.log();
    const written = lines.map((line) => `id: ${line.seq}\nevent: ${line.kind}\ndata: ${JSON.stringify(line)}`);
    expect(written).toHaveLength(2);
    expect(await events(2, '/_sandbox/events?since=0')).toEqual(written);
    expect(await events(1, '/_sandbox/events?since=1')).toEqual(written.slice(1));
    expect(await events(1, '/_sandbox/events', { 'last-event-id': '1' })).toEqual(written.slice(1));
    // `Last-Event-ID`, which a browser sends when it reconnects, takes precedence over the `since` of the page.
    expect(await events(1, '/_sandbox/events?since=0', { 'last-event-id': '1' })).toEqual(written.slice(1));
  });
});
