import type { IncomingMessage, ServerResponse } from 'node:http';
import { isRecord } from '../../internal/is-record.js';
import { readBody } from '../api/seen-request.js';
import type { SandboxLog, SandboxLogEntry } from '../sandbox-log.js';
import { findRoute, type ControlParts } from './control-routes.js';

/** The path prefix of the control API. */
export const CONTROL_PATH = '/_sandbox';

/** An answer of the control API. `body` is written as JSON. */
export interface ControlAnswer {
  readonly status: number;
  readonly body?: unknown;
}

/** Answers a request to the control API, over HTTP or from this process. */
export async function answerControl(
  parts: ControlParts,
  method: string,
  path: string,
  body: Readonly<Record<string, unknown>>,
): Promise<ControlAnswer> {
  const found = findRoute(method, path);
  if (!found)
    return {
      status: 404,
      body: { message: `The control API of the sandbox has no ${method} ${CONTROL_PATH}${path}.` },
    };
  if (method !== 'GET') parts.world.log.add({ kind: 'control', what: `${method} ${CONTROL_PATH}${path}` });
  try {
    parts.world.scheduler.catchUp();
    const result = await found.route.handle(parts, { ids: found.ids, body });
    return result === undefined ? { status: 204 } : { status: 200, body: result };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { status: 400, body: { message: error.message } };
  }
}

/** Serves the control API over HTTP. */
export class ControlServer {
  constructor(
    private readonly parts: ControlParts,
    private readonly isLoopback: boolean,
  ) {}

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request;
    const path = (url.split('?', 1)[0] ?? url).slice(CONTROL_PATH.length).replace(/^\/$/, '');
    const refusal = this.#refusal(request);
    if (refusal) write(response, refusal);
    else if (method === 'GET' && path === '/events') stream(this.parts.world.log, request, response);
    else {
      const body = parsed(await readBody(request));
      write(response, body ? await answerControl(this.parts, method, path, body) : BAD_BODY);
    }
  }

  /**
   * The control API has no password, so web pages must not reach it. A request without a preflight lacks the content
   * type. A page that points its own host name at this machine has the wrong `Host` header.
   */
  #refusal({ method, headers }: IncomingMessage): ControlAnswer | undefined {
    const type = headers['content-type']?.toLowerCase() ?? '';
    if (method !== 'GET' && !type.startsWith('application/json')) {
      return { status: 415, body: { message: 'Send the content type application/json.' } };
    }
    const name = (headers.host ?? '').replace(/:\d+$/, '');
    if (this.isLoopback && !/^(localhost|127(\.\d+){3}|\[::1\])$/i.test(name)) {
      return { status: 403, body: { message: 'The sandbox listens on loopback: reach it by localhost or 127.0.0.1.' } };
    }
    return undefined;
  }
}

const BAD_BODY: ControlAnswer = { status: 400, body: { message: 'The body must be a JSON object.' } };

function parsed(body: string): Record<string, unknown> | undefined {
  if (body.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(body);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function write(response: ServerResponse, { status, body }: ControlAnswer): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  response.end(body === undefined ? '' : `${JSON.stringify(body)}\n`);
}

/** Streams the log as server-sent events. With `Last-Event-ID` or `?since=` it starts after that line. */
function stream(log: SandboxLog, { headers, url = '' }: IncomingMessage, response: ServerResponse): void {
  const asked = headers['last-event-id'] ?? new URL(url, 'http://localhost').searchParams.get('since');
  const since = asked === null ? Number.POSITIVE_INFINITY : Number(asked);
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const onEntry = (entry: SandboxLogEntry): void => {
    response.write(`id: ${entry.seq}\nevent: ${entry.kind}\ndata: ${JSON.stringify(entry)}\n\n`);
  };
  response.write(': the log of the sandbox\n\n');
  for (const entry of log.entries) if (entry.seq > since) onEntry(entry);
  const unsubscribe = log.follow({ onEntry, end: () => response.end() });
  // Comments keep the connection open, because clients close a silent stream.
  const keepAlive = setInterval(() => response.write(':\n\n'), 15_000).unref();
  response.on('close', () => {
    clearInterval(keepAlive);
    unsubscribe();
  });
}
