import { afterEach, describe, expect, it } from '@jest/globals';
import type { DeliveriesHost } from '../deliveries/deliveries-host.js';
import { PLATFORMS } from '../support/host-app.js';
import { bookingOf } from '../support/sample-booking.js';
import { ask, PATH, startBoard, type BoardRequest } from './board-host.js';

const ROUTES = [
  '',
  '/files/app.js',
  '/files/app.css',
  '/data/summary',
  '/data/deliveries',
  '/data/deliveries.csv',
  '/data/search?q=A',
  '/data/delivery?reference=A-1',
  '/data/position?reference=A-1',
  '/data/stream',
];
const ACTIONS = ['/actions/cancel', '/actions/resolve'];

describe.each(PLATFORMS)('the security of the board on %s', (platform) => {
  let host: DeliveriesHost;
  let board: string;

  afterEach(() => host.stop());

  async function start(options: Parameters<typeof startBoard>[0] = {}): Promise<void> {
    host = await startBoard({ platform, sandbox: { drivers: 'still' }, ...options });
    board = `${host.url}/${PATH}`;
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
  }

  it('has every route behind the guard', async () => {
    await start();
    for (const route of ROUTES) {
      expect([route, (await ask(board + route, {})).status]).toEqual([route, 401]);
      expect([route, (await ask(board + route, { operator: 'stranger' })).status]).toEqual([route, 403]);
      expect([route, (await ask(board + route, { method: 'HEAD' })).status]).toEqual([route, 401]);
    }
    for (const route of ACTIONS) {
      const body = { reference: 'A-1', resolution: { cancel: true } };
      expect((await ask(board + route, { method: 'POST', body })).status).toBe(401);
      expect((await ask(board + route, { method: 'POST', body, operator: 'stranger' })).status).toBe(403);
    }
    expect((await host.deliveries.get('A-1')).state).toBe('assigning');
  });

  it('lets a read-only operator see everything and do nothing', async () => {
    await start();
    for (const route of ROUTES.filter((each) => each !== '/data/stream'))
      expect([route, (await ask(board + route, { operator: 'guest' })).status]).toEqual([route, 200]);
    const { text } = await ask(board, { operator: 'guest' });
    expect(text).toContain('"isReadOnly":true');
    for (const route of ACTIONS) {
      const { status, body } = await ask(board + route, {
        operator: 'guest',
        method: 'POST',
        body: { reference: 'A-1', resolution: { rebook: true } },
      });
      expect([status, body.message]).toEqual([403, expect.stringContaining('not change')]);
    }
    expect((await host.deliveries.get('A-1')).cancellation).toBe('none');
  });

  it('takes what is not clearly false as read-only', async () => {
    await start({ board: { readOnly: (() => undefined) as unknown as () => boolean } });
    const { status } = await ask(`${board}/actions/cancel`, {
      operator: 'clerk-7',
      method: 'POST',
      body: { reference: 'A-1' },
    });
    expect(status).toBe(403);
  });

  it('refuses actions of other sites', async () => {
    await start({ board: { origins: ['https://admin.example'] } });
    const { host: self } = new URL(host.url);
    const headers = { 'content-type': 'application/json', 'x-lalamove-board': '1' };
    const refused: Record<string, string>[] = [
      { ...headers, 'sec-fetch-site': 'cross-site' },
      { ...headers, 'sec-fetch-site': 'same-site' },
      { ...headers, 'sec-fetch-site': 'none' },
      { ...headers, 'sec-fetch-site': 'cross-site', origin: `http://${self}` },
      headers,
      { ...headers, origin: 'https://evil.example' },
      { ...headers, origin: 'null' },
      { ...headers, origin: `http://${self}.evil.example` },
      { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
      { 'content-type': 'text/plain', 'x-lalamove-board': '1', 'sec-fetch-site': 'same-origin' },
    ];
    const act = async (given: Record<string, string>): Promise<number> => {
      // Without the headers that `ask` adds.
      const response = await fetch(`${board}/actions/cancel`, {
        method: 'POST',
        headers: { 'x-operator': 'clerk-7', ...given },
        body: JSON.stringify({ reference: 'none' }),
      });
      return response.status;
    };
    // Fastify knows no parser for text, and refuses it before.
    for (const given of refused) expect([given, [403, 415].includes(await act(given))]).toEqual([given, true]);
    // These reach the action, which does not find the delivery.
    expect(await act({ ...headers, 'sec-fetch-site': 'same-origin' })).toBe(404);
    expect(await act({ ...headers, origin: `http://${self}` })).toBe(404);
    expect(await act({ ...headers, origin: 'https://admin.example' })).toBe(404);
  });

  it('gives no data to pages of other sites', async () => {
    await start();
    const from = (site: string): BoardRequest => ({ operator: 'clerk-7', headers: { 'sec-fetch-site': site } });
    for (const route of ROUTES.filter((each) => each.startsWith('/data/')))
      for (const site of ['cross-site', 'same-site'])
        expect([route, (await ask(board + route, from(site))).status]).toEqual([route, 403]);
    // A link in a message opens the page, which has no data in it.
    expect((await ask(board, from('cross-site'))).status).toBe(200);
    expect((await ask(`${board}/data/summary`, from('same-origin'))).status).toBe(200);
  });

  it('is never framed or stored, and has a strict policy', async () => {
    await start();
    const { headers, text } = await ask(board);
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(headers.get('content-security-policy')).not.toContain('unsafe');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(text).not.toContain('A-1');
    for (const route of ['', '/data/deliveries', '/data/delivery?reference=A-1', '/data/deliveries.csv', '/data/none'])
      expect([route, (await ask(board + route)).headers.get('cache-control')]).toEqual([route, 'no-store']);
  });

  it('redirects nobody to another site', async () => {
    await start();
    for (const path of [`//evil.example/${PATH}`, `/${PATH}//evil.example`, `/${PATH}/?next=https://evil.example`]) {
      const { status, headers } = await ask(host.url + path);
      expect([path, headers.get('location')]).toEqual([path, null]);
      expect(status).toBeLessThan(500);
    }
  });

  it('says what is wrong with a request, and nothing of the server', async () => {
    await start();
    const get = async (route: string): Promise<[number, unknown]> => {
      const { status, body } = await ask(board + route);
      return [status, body.message];
    };
    expect(await get('/data/nothing')).toEqual([404, expect.any(String)]);
    expect(await get('/data/deliveries?states=odd')).toEqual([400, expect.stringContaining('states')]);
    expect(await get('/data/deliveries?cursor=odd')).toEqual([422, expect.stringContaining('cursor')]);
    expect(await get('/data/delivery')).toEqual([400, expect.stringContaining('reference')]);
    expect(await get('/data/search?q=')).toEqual([400, expect.any(String)]);
    expect(await get(`/data/search?q=${'x'.repeat(300)}`)).toEqual([400, expect.any(String)]);
    const post = async (action: string, body: unknown): Promise<number> =>
      (await ask(`${board}/actions/${action}`, { operator: 'clerk-7', method: 'POST', body })).status;
    expect(await post('cancel', { reference: 1 })).toBe(400);
    expect(await post('cancel', '{')).toBe(400);
    expect(await post('resolve', { reference: 'A-1' })).toBe(400);
    expect(await post('__proto__', {})).toBe(404);
  });
});
