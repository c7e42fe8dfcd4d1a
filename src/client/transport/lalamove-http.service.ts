import { HttpService } from '@nestjs/axios';
import type { OnApplicationShutdown } from '@nestjs/common';
import Axios, {
  type AxiosProxyConfig,
  type AxiosRequestConfig,
  type GenericAbortSignal,
  type HeadersDefaults,
} from 'axios';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Observable } from 'rxjs';
import { isRecord } from '../../internal/is-record.js';
import type { Dispatch } from './request-tracker.js';
import { exchange } from './exchange.js';
import { needsAxios, nodeAdapter } from './node-adapter.js';
import { resendsOnKeepAlive } from './runtime.js';

/**
 * More than 100 at once no rate limit of Lalamove's has a use for. An idle connection is given up before a server with Node's default of 5 s
 * does so: what is sent over one that is just being closed ends as unknown.
 */
const CONNECTIONS = { keepAlive: true, maxSockets: 100, maxFreeSockets: 20, timeout: 4000 };

/**
 * One connection for each request, whatever it asks for: a call that reads would leave its connection to one that spends. Without a limit of
 * how many, for at such a limit Node's agent hands a used connection on to whoever waits.
 */
const UNKEPT_CONNECTIONS = { keepAlive: false, maxSockets: Infinity };

/** What tells a spy or a mock from the method itself. */
const REQUEST: unknown = Reflect.get(HttpService.prototype, 'request');

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

/** A request to Lalamove as axios takes it. */
export type LalamoveRequestConfig = AxiosRequestConfig<string> & {
  method: string;
  url: string;
  headers: Record<string, string>;
  signal: GenericAbortSignal;
};

/** What there is of a response, whichever way it came. */
export interface ArrivedResponse {
  readonly status: number;
  readonly headers: object;
  readonly data: unknown;
}

/**
 * The `HttpService` of one account, with connections that are kept open. Inject it by `getLalamoveHttpToken(name)` to add interceptors, or
 * override it in a test. An interceptor sees the signed request: changing its body or path makes the signature wrong.
 */
export class LalamoveHttpService extends HttpService implements OnApplicationShutdown {
  readonly #ownAgents: readonly HttpAgent[];
  readonly #axiosRequest: unknown = Reflect.get(this.axiosRef, 'request');

  constructor({ httpAgent, httpsAgent, proxy, headers }: LalamoveHttpOptions = {}) {
    const connections = resendsOnKeepAlive() ? UNKEPT_CONNECTIONS : CONNECTIONS;
    const plain = httpAgent ?? new HttpAgent(connections);
    const secure = httpsAgent ?? new HttpsAgent(connections);
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

  /**
   * As {@link request}, but past axios where nobody would notice: no interceptor, no mock, no other adapter. What axios does for a request costs
   * as much as the wire.
   */
  exchange(config: LalamoveRequestConfig, dispatch: Dispatch): Observable<ArrivedResponse> {
    const { defaults } = this.axiosRef;
    if (this.#isWatched() || needsAxios(defaults)) return this.request<unknown>(config);
    const { method, url, data: body } = config;
    const httpAgent: unknown = defaults.httpAgent;
    const httpsAgent: unknown = defaults.httpsAgent;
    const headers = mergedHeaders(defaults.headers, method, config.headers);
    return new Observable((subscriber) => {
      const succeed = (answer: ArrivedResponse): void => {
        subscriber.next(answer);
        subscriber.complete();
      };
      const fail = (error: Error): void => {
        subscriber.error(error);
      };
      dispatch.onRequest(body);
      exchange({ method, url, headers, body, httpAgent, httpsAgent, signal: undefined }, dispatch, succeed, fail);
    });
  }

  /** Whether somebody stands between `request` and our adapter. */
  #isWatched(): boolean {
    const { interceptors, defaults } = this.axiosRef;
    return (
      Reflect.get(this, 'request') !== REQUEST ||
      Reflect.get(this.axiosRef, 'request') !== this.#axiosRequest ||
      defaults.adapter !== nodeAdapter ||
      isUsed(interceptors.request.handlers) ||
      isUsed(interceptors.response.handlers)
    );
  }

  /** Closes idle connections; one in use ends with its call, which may be spending money. */
  onApplicationShutdown(): void {
    for (const { freeSockets } of this.#ownAgents) {
      for (const socket of Object.values(freeSockets).flat()) socket?.destroy();
    }
  }
}

/** Whether there is an interceptor; one that was ejected leaves a gap. A list that is not to be seen counts as used. */
function isUsed(handlers: readonly unknown[] | undefined): boolean {
  return handlers?.some((handler) => handler !== null) ?? true;
}

/** The headers that axios would send by default, and those of the request. Node takes the last of those that differ by case alone. */
function mergedHeaders(defaults: HeadersDefaults, method: string, own: object): Record<string, string> {
  const headers: Record<string, string> = {};
  addTexts(headers, defaults.common);
  addTexts(headers, Reflect.get(defaults, method.toLowerCase()));
  addTexts(headers, defaults);
  addTexts(headers, own);
  return headers;
}

function addTexts(headers: Record<string, string>, more: unknown): void {
  if (!isRecord(more)) return;
  for (const name in more) {
    const value = more[name];
    if (typeof value === 'string' || typeof value === 'number') headers[name] = String(value);
  }
}

/** Whether axios would look for a proxy in the environment, and whether one is not to be had for a host is its to say. */
function isProxied(env: NodeJS.ProcessEnv): boolean {
  return Object.entries(env).some(
    ([name, value]) => value !== '' && /^(npm_config_)?(https?_|all_)?proxy$/i.test(name),
  );
}
