import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { request, type IncomingHttpHeaders } from 'node:http';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { Scene } from './control-scene.js';

let sandbox: LalamoveSandbox;

beforeEach(async () => {
  sandbox = await LalamoveSandbox.start();
});

afterEach(() => sandbox.stop());

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A request with headers that `fetch` would not send. */
function ask(path: string, headers: Record<string, string> = {}, method = 'GET', url = sandbox.url): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url + path, { method, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode, headers: response.headers, body });
      });
    });
    outgoing.on('error', reject).end();
  });
}

const configOf = ({ body }: Answer): unknown =>
  JSON.parse(/<script type="application\/json" id="page-config">(.*)<\/script>/.exec(body)?.[1] ?? 'null');

describe("the sandbox's page", () => {
  it('is at /, with a strict policy, and is not stored', async () => {
    const page = await ask('/');
    expect(page.status).toBe(200);
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
    expect(page.headers['content-security-policy']).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self'; /,
    );
    expect(page.headers['content-security-policy']).not.toContain('unsafe');
    expect(page.body).toContain('<script type="module" src="_sandbox/ui/app.js"></script>');
  });

  it('has files that a browser keeps until they change', async () => {
    const types = { 'app.js': /javascript/, 'app.css': /^text\/css/ };
    for (const [name, type] of Object.entries(types)) {
      const file = await ask(`/_sandbox/ui/${name}`);
      expect([file.status, file.headers['content-type'], file.body.length > 500]).toEqual([
        200,
        expect.stringMatching(type),
        true,
      ]);
      const { etag = '' } = file.headers;
      expect([etag, file.headers['cache-control']]).toEqual([expect.stringMatching(/^"[\w-]{20,}"$/), 'no-cache']);
      const again = await ask(`/_sandbox/ui/${name}`, { 'if-none-match': `"old", ${etag}` });
      expect([again.status, again.body, again.headers.etag]).toEqual([304, '', etag]);
      expect((await ask(`/_sandbox/ui/${name}`, { 'if-none-match': '"old"' })).status).toBe(200);
      const { status, body, headers } = await ask(`/_sandbox/ui/${name}`, {}, 'HEAD');
      expect([status, body, headers.etag]).toEqual([200, '', etag]);
    }
  });

  it.each(['nothing.js', '', '../control', '..%2f..%2fpackage.json', '%2e%2e/app.js', 'app.js/'])(
    'has no file %j',
    async (name) => {
      const answer = await ask(`/_sandbox/ui/${name}`);
      expect([answer.status, JSON.parse(answer.body)]).toEqual([404, { message: expect.any(String) }]);
    },
  );

  it('takes no other method', async () => {
    expect((await ask('/_sandbox/ui/app.js', {}, 'POST')).status).toBe(405);
    expect((await ask('/', {}, 'POST')).status).toBe(401);
    expect(await ask('/', {}, 'HEAD')).toMatchObject({ status: 200, body: '' });
  });

  it.each(['evil.example', 'localhost.evil.example:80', '10.0.0.1'])(
    'refuses the host name %j, which a web page could point here',
    async (host) => {
      for (const path of ['/', '/_sandbox/ui/app.js']) {
        const answer = await ask(path, { host });
        expect([answer.status, JSON.parse(answer.body)]).toEqual([
          403,
          { message: expect.stringContaining('localhost') },
        ]);
      }
    },
  );

  it('is served under any host name if the sandbox listens beyond this machine', async () => {
    const open = await LalamoveSandbox.start({ host: '0.0.0.0' });
    const url = `http://127.0.0.1:${new URL(open.url).port}`;
    expect((await ask('/', { host: 'sandbox:4010' }, 'GET', url)).status).toBe(200);
    await open.stop();
  });

  it("does not take the place of Lalamove's API", async () => {
    const authorization = `hmac pk_test_sandbox:1764316800123:${'a'.repeat(64)}`;
    expect((await ask('/', { authorization })).status).toBe(401);
    expect((await ask('/v3/cities')).status).toBe(401);
    expect(sandbox.requests.map(({ path }) => path)).toEqual(['/', '/v3/cities']);
  });

  it('tells the secret of every sandbox, and no other one', async () => {
    expect(configOf(await ask('/?a=1'))).toMatchObject({ apiKey: 'pk_test_sandbox', apiSecret: 'sk_test_sandbox' });
    const own = await LalamoveSandbox.start({
      apiKey: 'pk_mine',
      apiSecret: 'sk_mine',
      accounts: [{ apiKey: 'pk_x', apiSecret: 'sk_x' }],
    });
    const page = await ask('/', {}, 'GET', own.url);
    expect(configOf(page)).toMatchObject({ apiKey: 'pk_mine' });
    const read = [
      '/',
      '/_sandbox',
      '/_sandbox/changes',
      '/_sandbox/orders',
      '/_sandbox/requests/1',
      '/_sandbox/search',
    ];
    // A client that has exchanged the two.
    await ask('/v3/cities', { authorization: `hmac sk_mine:1764316800123:${'a'.repeat(64)}` }, 'GET', own.url);
    for (const path of read) expect((await ask(path, {}, 'GET', own.url)).body).not.toMatch(/sk_(mine|x)/);
    await own.stop();
  });
});

describe('a secret that a wrong client sends', () => {
  const SECRET = 'sk_own/secret+"quoted"';
  let own: LalamoveSandbox;

  beforeEach(async () => {
    own = await LalamoveSandbox.start({ apiKey: 'pk_own', apiSecret: SECRET });
  });

  afterEach(() => own.stop());

  it.each<[place: string, path: string, headers: Record<string, string>]>([
    ['the path', `/v3/cities?secret=${encodeURIComponent(SECRET)}`, {}],
    ['a header', '/v3/cities', { 'x-secret': SECRET }],
    ['Basic authentication', '/v3/cities', { authorization: `Basic ${btoa(`pk_own:${SECRET}`)}` }],
    ['the place of the signature', '/v3/cities', { authorization: `hmac pk_own:1764316800123:${SECRET}` }],
  ])('in %s is shown nowhere', async (_, path, headers) => {
    await ask(path, headers, 'GET', own.url);
    for (const route of ['changes', 'requests/1', 'log', 'search?text=cities', 'older/requests/9']) {
      const { status, body } = await ask(`/_sandbox/${route}`, {}, 'GET', own.url);
      expect(status).toBe(200);
      for (const form of ['sk_own', btoa(`pk_own:${SECRET}`)]) expect(body).not.toContain(form);
    }
  });

  it('may be as short as a digit', async () => {
    const short = await LalamoveSandbox.start({ apiSecret: '1' });
    await ask('/v3/cities', {}, 'GET', short.url);
    const { status, body } = await ask('/_sandbox/requests/1', {}, 'GET', short.url);
    expect([status, JSON.parse(body)]).toMatchObject([200, { request: { number: 1, path: '/v3/cities' } }]);
    await short.stop();
  });
});

describe('what the page reads', () => {
  const scene = new Scene();

  beforeEach(() => scene.start());

  afterEach(() => scene.stop());

  const read = async (path: string): Promise<Record<string, unknown>> =>
    JSON.parse((await ask(`/_sandbox/${path}`, {}, 'GET', scene.sandbox.url)).body) as Record<string, unknown>;

  const since = ({ instance, revision }: Record<string, unknown>): string =>
    `changes?instance=${String(instance)}&since=${String(revision)}`;

  it('is everything at first, and then what has changed', async () => {
    const [one, two] = [await scene.book(), await scene.book()];
    const whole = await read('changes');
    expect(whole).toMatchObject({
      isWhole: true,
      orders: [{ id: one, status: 'ASSIGNING_DRIVER', market: 'HK' }, { id: two }],
      requests: [{ number: 1, operation: 'createQuotation', status: 201 }, { number: 2 }, { number: 3 }, { number: 4 }],
      time: { speed: 0 },
      wallets: [{ market: 'HK' }],
      faults: [],
    });
    expect(await read(since(whole))).toMatchObject({ isWhole: false, orders: [], requests: [], webhooks: [] });

    scene.sandbox.moveOrder(two, 'ON_GOING');
    const changed = await read(since(whole));
    expect(changed).toMatchObject({ isWhole: false, orders: [{ id: two, status: 'ON_GOING' }], requests: [] });
    scene.sandbox.drive(two, { do: 'arrive' });
    expect(await read(since(changed))).toMatchObject({ orders: [{ id: two }] });
  });

  it('names an order by the reference of the app, and never by the id of an attempt', async () => {
    const deliveryAttempt = '5fa02e17.0c12e51a';
    await scene.book({ metadata: { deliveryAttempt, shop: 'Kowloon', reference: 'A-1' } });
    await scene.book({ metadata: { deliveryAttempt, shop: 'Kowloon' } });
    await scene.book({ metadata: { deliveryAttempt } });
    const { orders } = await read('changes');
    expect(orders).toMatchObject([{ reference: 'A-1' }, { reference: 'Kowloon' }, {}]);
    expect(JSON.stringify(orders)).not.toContain(deliveryAttempt);
  });

  it('is everything again for a reader of another sandbox, after a restored snapshot, and after clear()', async () => {
    const id = await scene.sandbox.control.snapshot();
    const before = await read('changes');
    expect((await read(`changes?instance=another&since=${String(before.revision)}`)).isWhole).toBe(true);
    expect((await read(`changes?instance=${String(before.instance)}&since=900`)).isWhole).toBe(true);
    await scene.book();
    const placed = await read(since(before));
    expect([placed.isWhole, placed.orders]).toEqual([false, [expect.anything()]]);
    await scene.sandbox.control.restore(id);
    const restored = await read(since(placed));
    expect([restored.isWhole, restored.orders]).toEqual([true, []]);
    await scene.sandbox.control.clear();
    expect((await read(since(restored))).isWhole).toBe(true);
  });

  it('names another instance for each sandbox', async () => {
    const { instance } = await scene.sandbox.control.info();
    expect([instance, (await read('changes')).instance]).toEqual([expect.stringMatching(/^[\w-]{36}$/), instance]);
    expect((await sandbox.control.info()).instance).not.toBe(instance);
  });

  it('has faults that have applied for the last time, with their number', async () => {
    scene.sandbox.addFault({ call: 'getCities', answer: { code: 'ERR_RATE_LIMIT_EXCEEDED' }, times: 2 });
    await scene.call('GET', '/v3/cities');
    expect(await read('changes')).toMatchObject({ faults: [{ left: 1, fired: 1 }], spentFaults: [] });
    await scene.call('GET', '/v3/cities');
    const { faults, spentFaults, requests } = await read('changes');
    expect([faults, spentFaults]).toEqual([[], [expect.objectContaining({ left: 0, fired: 2 })]]);
    expect(requests).toMatchObject([{ status: 429, fault: expect.any(String) }, { status: 429 }]);
  });

  it('finds orders, requests and events by any text in them', async () => {
    const id = await scene.book();
    expect(await read(`search?text=${id}`)).toMatchObject({
      orders: [{ id }],
      requests: [{ operation: 'placeOrder' }],
    });
    expect(await read('search?text=CREATEQUOTATION')).toMatchObject({ orders: [], requests: [{ number: 1 }] });
    expect(await read('search?text=nothing+has+this')).toEqual({ orders: [], requests: [], webhooks: [] });
  });

  it('tells what happened to an order', async () => {
    const id = await scene.book();
    scene.sandbox.drive(id, { do: 'accept' });
    scene.sandbox.drive(id, { do: 'arrive' });
    const timeline = (await read(`orders/${id}/timeline`)) as unknown as { kind: string }[];
    expect(timeline.filter(({ kind }) => kind === 'request')).toMatchObject([{ row: { operation: 'placeOrder' } }]);
    expect(timeline.filter(({ kind }) => kind === 'step')).toMatchObject([{ step: 'accept' }, { step: 'arrive' }]);
    expect(timeline.filter(({ kind }) => kind === 'event')).toMatchObject([
      { type: 'ORDER_CREATED' },
      { type: 'ORDER_STATUS_CHANGED', status: 'ASSIGNING_DRIVER' },
      { type: 'ORDER_STATUS_CHANGED', status: 'ON_GOING' },
      { type: 'DRIVER_ASSIGNED' },
    ]);
    expect((await ask('/_sandbox/orders/1/timeline', {}, 'GET', scene.sandbox.url)).status).toBe(400);
  });

  it('has a header for a request that is signed now', async () => {
    await scene.call('GET', '/v3/cities');
    await scene.sandbox.advance('1h');
    const { request: seen, signedAnew } = await read('requests/1');
    expect(seen).toMatchObject({ number: 1, verdict: 'right', answer: { status: 200 } });
    const answer = await ask(
      '/v3/cities',
      { authorization: String(signedAnew), market: 'HK' },
      'GET',
      scene.sandbox.url,
    );
    expect(answer.status).toBe(200);
    expect((await ask('/_sandbox/requests/99', {}, 'GET', scene.sandbox.url)).status).toBe(400);
  });

  it('has older requests in pages', async () => {
    for (let number = 1; number <= 3; number += 1) await scene.call('GET', '/v3/cities');
    expect(await read('older/requests/3')).toMatchObject([{ number: 1 }, { number: 2 }]);
    expect(await read('older/webhooks/none')).toEqual([]);
  });
});
