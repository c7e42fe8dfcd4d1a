import { HttpService } from '@nestjs/axios';
import type { OnApplicationShutdown } from '@nestjs/common';
import Axios, { type AxiosProxyConfig } from 'axios';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

/** What `@nestjs/axios` is made with. */
export interface LalamoveHttpOptions {
  /** For `http:` base URLs. A keep-alive agent by default. */
  httpAgent?: HttpAgent;
  /** For `https:` base URLs. A keep-alive agent by default. */
  httpsAgent?: HttpsAgent;
  /** As axios takes it; by default the environment's `HTTPS_PROXY`. */
  proxy?: AxiosProxyConfig | false;
  /** Sent with every request; those that Lalamove's API names cannot be replaced. */
  headers?: Record<string, string>;
}

/**
 * The `HttpService` of one account, with connections that are kept open. Inject it by `getLalamoveHttpToken(name)` to add interceptors, or
 * override it in a test. An interceptor sees the signed request: changing its body or path makes the signature wrong.
 */
export class LalamoveHttpService extends HttpService implements OnApplicationShutdown {
  readonly #ownAgents: readonly HttpAgent[];

  constructor({ httpAgent, httpsAgent, proxy, headers }: LalamoveHttpOptions = {}) {
    const plain = httpAgent ?? new HttpAgent({ keepAlive: true });
    const secure = httpsAgent ?? new HttpsAgent({ keepAlive: true });
    super(Axios.create({ httpAgent: plain, httpsAgent: secure, proxy, headers }));
    this.#ownAgents = [plain, secure].filter((agent) => agent !== httpAgent && agent !== httpsAgent);
  }

  /** Closes idle connections; one in use ends with its call, which may be spending money. */
  onApplicationShutdown(): void {
    for (const { freeSockets } of this.#ownAgents) {
      for (const socket of Object.values(freeSockets).flat()) socket?.destroy();
    }
  }
}
