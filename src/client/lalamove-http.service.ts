import { HttpService } from '@nestjs/axios';
import type { OnApplicationShutdown } from '@nestjs/common';
import Axios, { type AxiosProxyConfig } from 'axios';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { nodeAdapter } from './node-adapter.js';

/**
 * More than 100 at once no rate limit of Lalamove's has a use for. An idle connection is given up before a server with Node's default of 5 s
 * does so: what is sent over one that is just being closed ends as unknown.
 */
const CONNECTIONS = { keepAlive: true, maxSockets: 100, maxFreeSockets: 20, timeout: 4000 };

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
    const plain = httpAgent ?? new HttpAgent(CONNECTIONS);
    const secure = httpsAgent ?? new HttpsAgent(CONNECTIONS);
    const adapter = (proxy ?? isProxied(process.env)) ? 'http' : nodeAdapter;
    super(
      Axios.create({
        httpAgent: plain,
        httpsAgent: secure,
        proxy,
        headers: { 'User-Agent': 'nestjs-lalamove', ...headers },
        adapter,
      }),
    );
    this.#ownAgents = [plain, secure].filter((agent) => agent !== httpAgent && agent !== httpsAgent);
  }

  /** Closes idle connections; one in use ends with its call, which may be spending money. */
  onApplicationShutdown(): void {
    for (const { freeSockets } of this.#ownAgents) {
      for (const socket of Object.values(freeSockets).flat()) socket?.destroy();
    }
  }
}

/** Whether axios would look for a proxy in the environment, and whether one is not to be had for a host is its to say. */
function isProxied(env: NodeJS.ProcessEnv): boolean {
  return Object.entries(env).some(
    ([name, value]) => value !== '' && /^(npm_config_)?(https?_|all_)?proxy$/i.test(name),
  );
}
