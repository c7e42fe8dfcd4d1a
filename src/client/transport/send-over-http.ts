import { CanceledError, type AxiosResponse } from 'axios';
import http, { type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { AnswerBody, UnreadableBody } from './answer-body.js';
import type { LalamoveRequest } from './lalamove-request.js';
import type { RequestTracker } from './request-tracker.js';
import { resendsOnKeepAlive } from './runtime.js';
import { isObject } from '../../internal/is-object.js';

/** The parts of a request that go over the wire; axios may have changed each. */
type Sent = Pick<LalamoveRequest, 'method' | 'url' | 'body'> & { readonly headers: OutgoingHttpHeaders };

/** Node's own agent is used in place of anything that is no agent. */
interface Agents {
  readonly httpAgent?: unknown;
  readonly httpsAgent?: unknown;
}

/** An answer as axios describes it; only axios adds the `config`. */
export type HttpResponse = Omit<AxiosResponse<string>, 'config'>;

/**
 * Sends one request over `node:http` and reads its answer to the end. It rejects with a `CanceledError` after
 * `tracker.cancel()`.
 */
export function sendOverHttp(request: Sent, agents: Agents, tracker: RequestTracker): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    let outgoing: ClientRequest | undefined;
    let hasEnded = false;
    const end = (failure?: Error): void => {
      hasEnded = true;
      tracker.ended(stop, failure);
    };
    const succeed = (response: HttpResponse): void => {
      if (hasEnded) return;
      end();
      resolve(response);
    };
    const fail = (error: Error): void => {
      // A request and its answer may emit errors even after their end.
      if (hasEnded) return;
      end(error);
      outgoing?.destroy();
      reject(error);
    };
    const stop = (): void => {
      fail(new CanceledError());
    };
    tracker.started(stop);
    try {
      outgoing = open(request, agents);
      watchConnection(outgoing, tracker);
      readAnswer(outgoing, tracker, succeed, fail);
      outgoing.end(request.body);
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)));
    }
  });
}

/** Looks `request` up in `node:http` at each call, so that instrumentation and mocks of it work. */
function open({ method, url, headers, body }: Sent, agents: Agents): ClientRequest {
  const { protocol, hostname, port, pathname, search } = new URL(url);
  const isSecure = protocol === 'https:';
  const agent = isSecure ? agents.httpsAgent : agents.httpAgent;
  return (isSecure ? https : http).request({
    protocol,
    // Without the brackets of an IPv6 address.
    hostname: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port,
    path: pathname + search,
    method: method.toUpperCase(),
    agent: isAgent(agent) ? agent : nodesAgent(),
    headers: body === undefined ? headers : { ...headers, 'Content-Length': Buffer.byteLength(body) },
  });
}

/** Node's own agent keeps connections open; if the runtime resends on them, each request gets an agent of its own. */
function nodesAgent(): false | undefined {
  return resendsOnKeepAlive() ? false : undefined;
}

/** Accepts any class with the method of an agent: agents for proxies have classes of their own. */
function isAgent(value: unknown): value is http.Agent {
  return isObject(value) && 'addRequest' in value;
}

/** Reports when there is a connection: until then, whatever is written waits in this process. */
function watchConnection(outgoing: ClientRequest, tracker: RequestTracker): void {
  // A mock of node:http does not tell, so that it counts as connected.
  if (!(outgoing instanceof http.ClientRequest)) tracker.connected();
  outgoing.on('socket', (socket: Socket & { secureConnecting?: boolean }) => {
    if (!socket.connecting && !socket.secureConnecting) {
      tracker.connected();
      return;
    }
    socket.once(socket.secureConnecting === undefined ? 'connect' : 'secureConnect', () => {
      tracker.connected();
    });
  });
}

function readAnswer(
  outgoing: ClientRequest,
  tracker: RequestTracker,
  succeed: (response: HttpResponse) => void,
  fail: (error: Error) => void,
): void {
  let answer: IncomingMessage | undefined;
  outgoing.on('error', (error) => {
    // After a complete answer, its connection may already serve another request.
    if (!answer?.complete) fail(error);
  });
  outgoing.on('response', (incoming) => {
    answer = incoming;
    const { statusCode: status = 0, statusMessage: statusText = '', headers } = incoming;
    const body = new AnswerBody(headers['content-encoding']);
    const finish = (data: string): void => {
      succeed({ status, statusText, headers, data, request: outgoing });
    };
    tracker.arrived(incoming, body);
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
}
