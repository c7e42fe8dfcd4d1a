import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LalamoveHttpService } from './lalamove-http.service.js';
import { send } from './send.js';

describe('send', () => {
  it('ends the exchange that nobody listens to any more', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const http = new LalamoveHttpService();
    const request = { method: 'GET', headers: {}, body: undefined, timeoutMs: 10_000, signal: undefined };
    const arrived = once(server, 'request');
    const subscription = send(http, { ...request, url: `http://127.0.0.1:${port}/` }).subscribe();
    const [{ socket }] = (await arrived) as [{ socket: NodeJS.EventEmitter }];
    const closed = once(socket, 'close');
    subscription.unsubscribe();
    await expect(closed).resolves.toBeDefined();
    server.close();
    await once(server, 'close');
  });
});
