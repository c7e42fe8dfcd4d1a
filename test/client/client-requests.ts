import { jest } from '@jest/globals';
import http, { type ClientRequest } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { RawServer } from '../support/raw-server.js';

/** Records every request that the process makes with `node:http` and `node:https`, as the client sees it. */
export class ClientRequests {
  readonly #spies = [jest.spyOn(http, 'request'), jest.spyOn(https, 'request')];

  /** The requests to one server, in order. */
  to({ url }: RawServer): ClientRequest[] {
    const { port } = new URL(url);
    return this.#spies
      .flatMap(({ mock }) => mock.results)
      .flatMap((result) => (result.type === 'return' ? [result.value] : []))
      .filter((request) => String(request.getHeader('host')).endsWith(`:${port}`));
  }

  /** The socket of the latest request to a server; `undefined` while the request waits for one. */
  socketTo(server: RawServer): Socket | undefined {
    return this.to(server).at(-1)?.socket ?? undefined;
  }

  /** Forgets the requests so far. */
  forget(): void {
    for (const spy of this.#spies) spy.mockClear();
  }

  /** Stops recording. */
  stop(): void {
    for (const spy of this.#spies) spy.mockRestore();
  }
}
