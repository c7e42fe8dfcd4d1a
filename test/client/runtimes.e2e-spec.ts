import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { HttpService } from '@nestjs/axios';
import { Agent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { LalamoveOptionsException, type LalamoveHttpOptions, type LalamoveService } from 'nestjs-lalamove';
import { ORDER } from '../support/inputs.js';
import { failureOf, KEYS, startLalamove } from '../support/lalamove.js';
import { http, RawServer } from '../support/raw-server.js';

/** Ways to send a request, by what the test does to the `HttpService`. */
const WAYS: readonly [string, (service: HttpService) => void][] = [
  ['past axios', () => undefined],
  ['with an interceptor', ({ axiosRef }) => axiosRef.interceptors.request.use((config) => config)],
  ['by axios’s own adapter', ({ axiosRef }) => (axiosRef.defaults.adapter = 'http')],
  ['without an agent', ({ axiosRef }) => (axiosRef.defaults.httpAgent = undefined)],
];

describe('a runtime that resends a request if a reused connection breaks', () => {
  let server: RawServer;
  let close: () => Promise<void> = () => Promise.resolve();

  beforeEach(async () => {
    server = await RawServer.start((socket) => socket.write(http(200, '{"data":{"orderId":"1"}}')));
  });

  afterEach(async () => {
    Reflect.deleteProperty(process.versions, 'deno');
    await close();
    await server.stop();
  });

  function asDeno(): void {
    Object.defineProperty(process.versions, 'deno', { value: '2.9.6', configurable: true });
  }

  async function start(prepare?: (service: HttpService) => void, more?: LalamoveHttpOptions): Promise<LalamoveService> {
    const options = { ...KEYS, baseUrl: server.url, retry: { maxAttempts: 1 }, ...(more && { http: more }) };
    const started = await startLalamove(options, prepare);
    close = started.close;
    return started.lalamove;
  }

  it.each(WAYS)('opens a new connection for each call, %s', async (_, prepare) => {
    asDeno();
    const lalamove = await start(prepare);
    await lalamove.getOrder('1');
    await lalamove.placeOrder(ORDER);
    await lalamove.placeOrder(ORDER);
    expect([server.connections, server.requests.length]).toEqual([3, 3]);
    expect(server.requests.every((request) => /connection: close/i.test(request))).toBe(true);
  });

  it('opens a new connection for each call of a burst', async () => {
    asDeno();
    const lalamove = await start();
    await Promise.all(Array.from({ length: 150 }, () => lalamove.placeOrder(ORDER)));
    expect([server.connections, server.requests.length]).toEqual([150, 150]);
  });

  it('is refused at boot with a keep-alive agent of the host', async () => {
    asDeno();
    const kept = { httpAgent: new Agent({ keepAlive: true }), httpsAgent: new SecureAgent({ maxSockets: 9 }) };
    const failure = await failureOf(start(undefined, kept));
    expect(failure).toBeInstanceOf(LalamoveOptionsException);
    expect(failure).toMatchObject({
      problems: [
        expect.stringMatching(
          /^http\.httpAgent uses connections more than once, .*: make the agent with keepAlive: false/,
        ),
        expect.stringMatching(/^http\.httpsAgent uses connections more than once, .*, and without maxSockets\.$/),
      ],
    });
    await start(undefined, { httpAgent: new Agent({ keepAlive: false }) });
  });

  it('is not Node: Node reuses connections, and the host chooses the agents', async () => {
    const lalamove = await start(undefined, { httpAgent: new Agent({ keepAlive: true }) });
    await lalamove.getOrder('1');
    await lalamove.placeOrder(ORDER);
    expect([server.connections, server.requests.length]).toEqual([1, 2]);
  });
});
