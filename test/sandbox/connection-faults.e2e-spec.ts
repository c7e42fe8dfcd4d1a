import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { request as requestHttps } from 'node:https';
import { connect } from 'node:net';
import { LalamoveSandbox, SandboxControlError, type CallFault } from 'nestjs-lalamove/sandbox';
import { booked, orderOf, QUOTATION } from '../support/inputs.js';
import { failureOf } from '../support/lalamove.js';
import { ManualClock } from '../support/manual-clock.js';
import { UNKNOWN } from './fault-answers.js';
import { FaultScene } from './fault-scene.js';
import { until } from '../support/until.js';

/** Whether a sandbox accepts connections. */
async function listens(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/_sandbox`)).ok;
  } catch {
    return false;
  }
}

/** Makes a signed call over a new socket. It returns every byte received, and how the connection ended. */
async function overSocket(
  sandbox: LalamoveSandbox,
  method: string,
  path: string,
  data: object,
): Promise<{ head: string; body: string; end: string }> {
  const body = JSON.stringify({ data });
  const signed = `1790000000000\r\n${method}\r\n${path}\r\n\r\n${body}`;
  const signature = createHmac('sha256', sandbox.apiSecret).update(signed).digest('hex');
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'Host: sandbox',
    `Authorization: hmac ${sandbox.apiKey}:1790000000000:${signature}`,
    'Market: HK',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  const { hostname, port } = new URL(sandbox.url);
  const socket = connect(Number(port), hostname);
  let [came, end] = ['', 'closed'];
  socket.on('data', (bytes) => (came += bytes.toString('utf8')));
  socket.on('error', (error) => (end = String(Reflect.get(error, 'code'))));
  socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
  await new Promise((resolve) => socket.on('close', resolve));
  const [head = '', ...rest] = came.split('\r\n\r\n');
  return { head, body: rest.join('\r\n\r\n'), end };
}

describe('a fault', () => {
  let scene: FaultScene;

  beforeEach(async () => {
    scene = await FaultScene.start();
  });

  afterEach(() => scene.close());

  describe('of the connection', () => {
    const place = async (fault: CallFault): ReturnType<typeof overSocket> => {
      const order = await scene.toOrder();
      scene.sandbox.addFault({ call: 'placeOrder', ...fault });
      return overSocket(scene.sandbox, 'POST', '/v3/orders', order);
    };

    it.each(['skipped', 'done'] as const)('is a reset without a byte (work %s)', async (work) => {
      expect(await place({ work, answer: 'reset' })).toEqual({ head: '', body: '', end: 'ECONNRESET' });
    });

    it('is no answer, however long the client waits', async () => {
      const answer = place({ answer: 'hang' });
      await until(() => scene.sandbox.requests.some(({ operation }) => operation === 'placeOrder'));
      await scene.sandbox.advance('1d');
      const silence = new Promise((resolve) => setTimeout(resolve, 50, 'silence'));
      expect(await Promise.race([answer, silence])).toBe('silence');
      await scene.sandbox.stop();
      expect(await answer).toMatchObject({ head: '', body: '' });
    });

    it.each(['skipped', 'done'] as const)('is an answer that is cut in its middle (work %s)', async (work) => {
      const { head, body } = await place({ work, answer: 'truncate' });
      expect(head).toMatch(work === 'done' ? /^HTTP\/1\.1 201 / : /^HTTP\/1\.1 200 /);
      const promised = Number(/content-length: (\d+)/i.exec(head)?.[1]);
      expect(Buffer.byteLength(body)).toBe(Math.floor(promised / 2));
      expect(body).toMatch(/^{"data":{/);
    });

    it('is a 204 that never comes, because it has no body to cut', async () => {
      const { orderId } = await booked(scene.lalamove);
      scene.sandbox.addFault({ call: 'cancelOrder', work: 'done', answer: 'truncate' });
      const answer = await overSocket(scene.sandbox, 'DELETE', `/v3/orders/${orderId}`, {});
      expect(answer).toEqual({ head: '', body: '', end: 'ECONNRESET' });
      expect(scene.live()).toBe(0);
    });

    it('is a refusal in every recorded shape', async () => {
      const bodyOf = async (shape: 'list' | 'object' | 'message' | 'empty'): Promise<unknown> => {
        const answer = { code: 'ERR_INVALID_FIELD', shape, pointer: '/data/x', message: 'No' } as const;
        const { head, body } = await place({ answer });
        expect(head).toMatch(/^HTTP\/1\.1 422 /);
        return body === '' ? body : JSON.parse(body);
      };
      const item = { id: 'ERR_INVALID_FIELD', message: 'No', detail: '/data/x' };
      expect(await bodyOf('list')).toEqual({ errors: [item] });
      expect(await bodyOf('object')).toEqual({ errors: item });
      expect(await bodyOf('message')).toEqual({ message: 'ERR_INVALID_FIELD' });
      expect(await bodyOf('empty')).toBe('');
    });

    it('is an HTML page of a gateway, or a given answer', async () => {
      const page = await place({ work: 'done', answer: { code: 'LALAMOVE_SERVER_ERROR', status: 502, shape: 'html' } });
      expect(page.head).toMatch(/^HTTP\/1\.1 502 [^]*content-type: text\/html/i);
      expect(page.body).toMatch(/^<html>/);
      expect(scene.live()).toBe(1);
      const headers = { 'content-type': 'text/plain', 'retry-after': '7' };
      const word = await place({ answer: { status: 418, headers, body: 'tea' } });
      expect(word.head).toMatch(/^HTTP\/1\.1 418 [^]*content-type: text\/plain\r\n[^]*retry-after: 7/i);
      expect(word.body).toBe('tea');
    });

    it('is a reset over TLS too', async () => {
      const pem = (name: string): string =>
        readFileSync(new URL(`../fixtures/tls/${name}.pem`, import.meta.url), 'utf8');
      const safe = await LalamoveSandbox.start({ tls: { key: pem('key'), cert: pem('cert') } });
      scene.closeLater(() => safe.stop());
      safe.addFault({ answer: 'reset' });
      const ended = new Promise((resolve) => {
        const request = requestHttps(`${safe.url}/v3/cities`, { agent: false, ca: pem('cert') }, (answer) => {
          resolve(answer.statusCode);
        });
        request.on('error', (error) => {
          resolve(Reflect.get(error, 'code'));
        });
        request.end();
      });
      expect(await ended).toBe('ECONNRESET');
    });
  });

  describe('of latency', () => {
    it('delays an answer, and a refusal too', async () => {
      scene.sandbox.addFault({ call: 'getCities', latencyMs: 30 });
      scene.sandbox.addFault({ call: 'getCities', latencyMs: 30, answer: { code: 'ERR_RATE_LIMIT_EXCEEDED' } });
      const beganAt = performance.now();
      await scene.lalamove.getCities();
      const answeredAt = performance.now();
      expect(await failureOf(scene.lalamove.getCities())).toMatchObject({ name: 'RateLimitedException' });
      expect(answeredAt - beganAt).toBeGreaterThan(28);
      expect(performance.now() - answeredAt).toBeGreaterThan(28);
    });

    it('ends with the sandbox: delayed work is not carried out, and no request waits', async () => {
      // The base clock of the sandbox's clock. It shows timers that were not cancelled.
      const base = new ManualClock();
      const ended = await LalamoveSandbox.start({ clock: base, rateLimits: false });
      const client = await scene.clientOf(ended);
      const order = orderOf(await client.createQuotation(QUOTATION));
      ended.addFault({ call: 'placeOrder', latencyMs: 40 });
      const call = failureOf(client.placeOrder(order));
      await until(() => ended.requests.length === 2);
      await ended.stop();
      expect(await call).toMatchObject(UNKNOWN);
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect(ended.orders).toEqual([]);
      expect(base.waiting).toBe(0);
    });
  });

  describe('of a refused connection', () => {
    it('accepts no connection, and then listens again on the same port', async () => {
      // A keep-alive connection would be cut, but not refused.
      const http = { httpAgent: new Agent({ keepAlive: false }) };
      const fresh = await scene.clientOf(scene.sandbox, { http });
      const order = await scene.toOrder();
      const { url } = scene.sandbox;
      await scene.sandbox.control.refuseConnections(100);
      await new Promise(setImmediate);
      expect(await failureOf(fresh.placeOrder(order))).toMatchObject({
        name: 'LalamoveConnectionException',
        retryable: true,
        cause: { code: 'ECONNREFUSED' },
      });
      expect(scene.sandbox.requests).toHaveLength(1);
      expect(scene.sandbox.url).toBe(url);
      while (!(await listens(url)));
      await fresh.placeOrder(order);
      expect(scene.live()).toBe(1);
    });

    it('cuts open connections', async () => {
      scene.sandbox.addFault({ answer: 'hang' });
      const call = failureOf(scene.lalamove.getCities());
      await until(() => scene.sandbox.requests.length === 1);
      await scene.sandbox.control.refuseConnections(10);
      expect(await call).toMatchObject({ name: 'LalamoveConnectionException' });
    });

    it('ends when the sandbox is stopped', async () => {
      const { url } = scene.sandbox;
      await scene.sandbox.control.refuseConnections(10);
      // At once, before the refusal of connections has begun.
      await scene.sandbox.stop();
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(await listens(url)).toBe(false);
    });

    it.each([0, -1, Number.NaN, 2 ** 31])('cannot last %d ms', async (forMs) => {
      const refusal = await failureOf(scene.sandbox.control.refuseConnections(forMs));
      expect(refusal).toBeInstanceOf(SandboxControlError);
      expect(refusal.message).toMatch(/a number of ms/);
    });
  });
});
