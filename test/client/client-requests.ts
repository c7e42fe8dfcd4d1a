import { jest } from '@jest/globals';
import http, { type ClientRequest } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { RawServer } from '../support/raw-server.js';

/** Every request that `node:http` and `node:https` are asked for, as whoever asked for it sees it. */
export class ClientRequests {
  readonly #spies = [jest.spyOn(http, 'request'), jest.spyOn(https, 'request')];

  /** Those to a server, in their order. */
  to({ url }: RawServer): ClientRequest[] {
    const { port } = new URL(url);
    return this.#spies
      .flatMap(({ mock }) => mock.results)
      .flatMap((result) => (result.type === 'return' ? [result.value] : []))
      .filter((request) => String(request.getHeader('host')).endsWith(`:${port}`));
  }

  /** The socket that the latest one to a server was given; none while it waits for one. */
  socketTo(server: RawServer): Socket | undefined {
    return this.to(server).at(-1)?.socket ?? undefined;
  }

  /** Forgets those so far. */
  forget(): void {
    for (const spy of this.#spies) spy.mockClear();
  }

  /** Watches no longer. */
  stop(): void {
    for (const spy of this.#spies) spy.mockRestore();
  }
}
