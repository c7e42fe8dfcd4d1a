import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LalamoveHttpService } from './lalamove-http.service.js';
import { send } from './send.js';

describe('send', () => {
  it('closes the connection when it is unsubscribed', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const http = new LalamoveHttpService();
    const request = {
      method: 'GET',
      url: `http://127.0.0.1:${port}/`,
      headers: {},
      body: undefined,
      timeoutMs: 10_000,
      signal: undefined,
      requestId: 'r-1',
      signature: '',
      signedAt: 0,
    };
    const arrived = once(server, 'request');
    const subscription = send(http, request).subscribe();
    const [{ socket }] = (await arrived) as [{ socket: NodeJS.EventEmitter }];
    const closed = once(socket, 'close');
    subscription.unsubscribe();
    await expect(closed).resolves.toBeDefined();
    server.close();
    await once(server, 'close');
  });
});
