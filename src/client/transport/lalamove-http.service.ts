import { HttpService } from '@nestjs/axios';
import type { OnApplicationShutdown } from '@nestjs/common';
import Axios, { type AxiosProxyConfig } from 'axios';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { resendsOnKeepAlive } from './runtime.js';
import { needsAxios } from './tracked-adapter.js';

/**
 * No rate limit of Lalamove allows more than 100 requests at once. An idle connection is closed before a server with
 * Node's default of 5 s closes it: the outcome of a request on a connection that is just being closed is unknown.
 */
const CONNECTIONS = { keepAlive: true, maxSockets: 100, maxFreeSockets: 20, timeout: 4000 };

/**
 * For a runtime that resends on kept connections: one connection for each request, so that no read leaves one to a call
 * that spends money. Without a limit, because at a limit Node's agent gives a used connection to the next in its queue.
 */
const UNKEPT_CONNECTIONS = { keepAlive: false, maxSockets: Infinity };

/** To recognise a spy or a mock in its place. */
const REQUEST: unknown = Reflect.get(HttpService.prototype, 'request');

/** How requests are sent. */
export interface LalamoveHttpOptions {
  /** For `http:` base URLs. A keep-alive agent by default. */
  httpAgent?: HttpAgent;
  /** For `https:` base URLs. A keep-alive agent by default. */
  httpsAgent?: HttpsAgent;
  /** In the format of axios; by default the environment's `HTTPS_PROXY`. */
  proxy?: AxiosProxyConfig | false;
  /** Sent with every request. They cannot replace the headers that Lalamove's API requires. */
  headers?: Record<string, string>;
}

/**
 * The `HttpService` of one account, with keep-alive connections. Inject it by `getLalamoveHttpToken(name)` to add
 * interceptors, or override it in a test. An interceptor sees the signed request: if it changes the body or the path,
 * the signature is wrong.
 */
export class LalamoveHttpService extends HttpService implements OnApplicationShutdown {
  readonly #ownAgents: readonly HttpAgent[];
  readonly #axiosRequest: unknown = Reflect.get(this.axiosRef, 'request');
  /** `undefined` if axios's own adapter is needed for a proxy. */
  readonly #adapter: unknown;

  constructor({ httpAgent, httpsAgent, proxy, headers }: LalamoveHttpOptions = {}) {
    const connections = resendsOnKeepAlive() ? UNKEPT_CONNECTIONS : CONNECTIONS;
    const plain = httpAgent ?? new HttpAgent(connections);
    const secure = httpsAgent ?? new HttpsAgent(connections);
    super(
      Axios.create({
        httpAgent: plain,
        httpsAgent: secure,
        proxy,
        headers: { 'User-Agent': 'nestjs-lalamove', ...headers },
        adapter: ['http'],
      }),
    );
    // Axios copies the array: one that the app sets, even an equal one, is another.
    this.#adapter = (proxy ?? isProxied(process.env)) ? undefined : this.axiosRef.defaults.adapter;
    this.#ownAgents = [plain, secure].filter((agent) => agent !== httpAgent && agent !== httpsAgent);
  }

  /** Whether requests may be sent by an adapter of ours: there is no proxy, and the app has set no adapter. */
  get hasOwnAdapter(): boolean {
    return this.axiosRef.defaults.adapter === this.#adapter;
  }

  /**
   * Whether axios would not change a request: no interceptor, no mock, no other adapter, no default that needs axios.
   */
  get canSkipAxios(): boolean {
    const { interceptors, defaults } = this.axiosRef;
    return (
      this.hasOwnAdapter &&
      Reflect.get(this, 'request') === REQUEST &&
      Reflect.get(this.axiosRef, 'request') === this.#axiosRequest &&
      isUnused(interceptors.request.handlers) &&
      isUnused(interceptors.response.handlers) &&
      !needsAxios(defaults)
    );
  }

  /** Closes idle connections. One in use ends with its call, which may be spending money. */
  onApplicationShutdown(): void {
    for (const { freeSockets } of this.#ownAgents) {
      for (const socket of Object.values(freeSockets).flat()) socket?.destroy();
    }
  }
}

/** Whether no interceptor is left; an ejected one leaves `null`. A list that cannot be read counts as used. */
function isUnused(handlers: readonly unknown[] | undefined): boolean {
  return handlers?.every((handler) => handler === null) ?? false;
}

/** Whether axios would look for a proxy in the environment. Axios also decides which hosts are exempt. */
function isProxied(env: NodeJS.ProcessEnv): boolean {
  return Object.entries(env).some(
    ([name, value]) => value !== '' && /^(npm_config_)?(https?_|all_)?proxy$/i.test(name),
  );
}
