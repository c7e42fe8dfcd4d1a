import Axios, {
  AxiosError,
  CanceledError,
  type AxiosAdapter,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios';
import http, { type ClientRequest } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { urlToHttpOptions } from 'node:url';
import { AnswerBody, UnreadableBody } from './answer-body.js';
import { Dispatch } from './dispatch.js';

/** What an interceptor can ask for that only axios's own adapter does. */
const AXIOS_ONLY = ['proxy', 'baseURL', 'params', 'auth', 'socketPath', 'transport', 'lookup', 'maxRate'] as const;

/**
 * Sends our own requests over `node:http` and hands on their answers as text, at a fraction of what axios's adapter costs; every other request
 * is left to that. What it needs of `node:http` is looked up at each call, so that instrumentation and mocks of it work.
 */
export const nodeAdapter: AxiosAdapter = (config) => {
  const dispatch = Dispatch.of(config);
  const data: unknown = config.data;
  const isText = data === undefined || typeof data === 'string';
  if (!dispatch || !isText || AXIOS_ONLY.some((name) => config[name])) return Axios.getAdapter('http')(config);
  return exchange(config, data, dispatch);
};

/** Sends one request and reads its answer to the end. */
function exchange(
  config: InternalAxiosRequestConfig,
  data: string | undefined,
  dispatch: Dispatch,
): Promise<AxiosResponse<string>> {
  return new Promise((resolve, reject) => {
    const { signal } = config;
    let request: ClientRequest | undefined;
    let hasEnded = false;
    const end = (failure?: unknown): void => {
      hasEnded = true;
      dispatch.leave(failure);
      signal?.removeEventListener?.('abort', stop);
    };
    const fail = (error: Error): void => {
      // A request and its answer go on emitting errors after their end.
      if (hasEnded) return;
      const failure = AxiosError.from(error, undefined, config);
      end(failure);
      request?.destroy();
      reject(failure);
    };
    const stop = (): void => {
      dispatch.stop();
      fail(new CanceledError(undefined, config));
    };
    dispatch.enter();
    signal?.addEventListener?.('abort', stop);
    try {
      request = open(config, data);
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    request.on('error', fail);
    request.on('socket', (socket: Socket) => {
      onceConnected(socket, () => {
        dispatch.connected();
      });
    });
    request.on('response', (incoming) => {
      const { statusCode: status = 0, statusMessage: statusText = '', headers } = incoming;
      const body = new AnswerBody(headers['content-encoding']);
      const finish = (text: string): void => {
        end();
        resolve({ status, statusText, headers, config, request, data: text });
      };
      dispatch.answer = { status, headers, body };
      incoming.on('error', fail);
      incoming.on('data', (chunk: Buffer) => {
        if (!body.add(chunk)) fail(new UnreadableBody());
      });
      incoming.on('end', () => {
        const text = body.unpacked();
        if (typeof text === 'string') finish(text);
        else text.then(finish, fail);
      });
    });
    request.end(data);
  });
}

function open(
  { method = 'GET', url = '', headers, ...agents }: InternalAxiosRequestConfig,
  data: string | undefined,
): ClientRequest {
  const { protocol, hostname, port, path } = urlToHttpOptions(new URL(url));
  const isSecure = protocol === 'https:';
  const agent: unknown = isSecure ? agents.httpsAgent : agents.httpAgent;
  return (isSecure ? https : http).request({
    protocol,
    hostname,
    port,
    path,
    method: method.toUpperCase(),
    agent: isAgent(agent) ? agent : undefined,
    headers: { ...headers.toJSON(), ...(data !== undefined && { 'Content-Length': Buffer.byteLength(data) }) },
  });
}

/** Any agent: those of proxies have classes of their own. */
function isAgent(value: unknown): value is http.Agent {
  return typeof value === 'object' && value !== null && 'addRequest' in value;
}

/** Before that, whatever is written waits in this process. */
function onceConnected(socket: Socket & { secureConnecting?: boolean }, connected: () => void): void {
  if (!socket.connecting && !socket.secureConnecting) connected();
  else socket.once(socket.secureConnecting === undefined ? 'connect' : 'secureConnect', connected);
}
