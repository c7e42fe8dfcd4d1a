import type { GenericAbortSignal } from 'axios';
import http, { type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { AnswerBody, UnreadableBody } from './answer-body.js';
import type { Dispatch } from './request-tracker.js';
import { resendsOnKeepAlive } from './runtime.js';

/** A request as it goes onto the wire. */
export interface WireRequest {
  readonly method: string;
  readonly url: string;
  /** `Content-Length` is added to them. */
  readonly headers: OutgoingHttpHeaders;
  readonly body: string | undefined;
  /** An `http.Agent` or an `https.Agent`; Node's own where it is none. */
  readonly httpAgent: unknown;
  readonly httpsAgent: unknown;
  readonly signal: GenericAbortSignal | undefined;
}

/** An answer that has come completely. */
export interface WireAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly data: string;
  readonly request: ClientRequest;
}

/** What an exchange ends with whose signal has fired. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

/**
 * Sends one request over `node:http` and reads its answer to the end. What it needs of `node:http` is looked up at each call, so that
 * instrumentation and mocks of it work.
 */
export function exchange(
  wire: WireRequest,
  dispatch: Dispatch,
  succeed: (answer: WireAnswer) => void,
  fail: (error: Error) => void,
): void {
  const { signal } = wire;
  let request: ClientRequest | undefined;
  let hasEnded = false;
  const end = (failure?: Error): void => {
    hasEnded = true;
    dispatch.leave(failure);
    signal?.removeEventListener?.('abort', stop);
  };
  const broken = (error: Error): void => {
    // A request and its answer go on emitting errors after their end.
    if (hasEnded) return;
    end(error);
    request?.destroy();
    fail(error);
  };
  const stop = (): void => {
    if (hasEnded) return;
    dispatch.stopped();
    broken(new Stopped());
  };
  dispatch.enter(stop);
  signal?.addEventListener?.('abort', stop);
  try {
    const opened = (request = open(wire));
    // Of a mock there is no knowing.
    if (!(opened instanceof http.ClientRequest)) dispatch.connected();
    let arrived: IncomingMessage | undefined;
    request.on('error', (error) => {
      // What follows a complete answer on its connection is not its own.
      if (!arrived?.complete) broken(error);
    });
    request.on('socket', (socket: Socket) => {
      whenConnected(socket, dispatch);
    });
    request.on('response', (incoming) => {
      arrived = incoming;
      const { statusCode: status = 0, statusMessage: statusText = '', headers } = incoming;
      const body = new AnswerBody(headers['content-encoding']);
      const finish = (data: string): void => {
        if (hasEnded) return;
        end();
        succeed({ status, statusText, headers, data, request: opened });
      };
      dispatch.answer = { status, headers, body };
      incoming.on('error', broken);
      incoming.on('data', (chunk: Buffer) => {
        if (!body.add(chunk)) broken(new UnreadableBody());
      });
      incoming.on('end', () => {
        const text = body.unpacked();
        if (typeof text === 'string') finish(text);
        else text.then(finish, broken);
      });
    });
    request.end(wire.body);
  } catch (error) {
    broken(error instanceof Error ? error : new Error(String(error)));
  }
}

function open({ method, url, headers, body, httpAgent, httpsAgent }: WireRequest): ClientRequest {
  const { protocol, hostname, port, pathname, search } = new URL(url);
  const isSecure = protocol === 'https:';
  const agent = isSecure ? httpsAgent : httpAgent;
  if (body !== undefined) headers['Content-Length'] = Buffer.byteLength(body);
  return (isSecure ? https : http).request({
    protocol,
    // Without the brackets of an IPv6 address.
    hostname: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port,
    path: pathname + search,
    method: method.toUpperCase(),
    agent: isAgent(agent) ? agent : ownAgent(),
    headers,
  });
}

/** Node's own one, which keeps connections open; one for this request alone if that is a risk. */
function ownAgent(): false | undefined {
  return resendsOnKeepAlive() ? false : undefined;
}

/** Any agent: those of proxies have classes of their own. */
function isAgent(value: unknown): value is http.Agent {
  return typeof value === 'object' && value !== null && 'addRequest' in value;
}

/** Until there is a connection, whatever is written waits in this process. */
function whenConnected(socket: Socket & { secureConnecting?: boolean }, dispatch: Dispatch): void {
  if (!socket.connecting && !socket.secureConnecting) {
    dispatch.connected();
    return;
  }
  socket.once(socket.secureConnecting === undefined ? 'connect' : 'secureConnect', () => {
    dispatch.connected();
  });
}
