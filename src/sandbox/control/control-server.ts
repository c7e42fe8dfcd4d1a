import type { IncomingMessage, ServerResponse } from 'node:http';
import { isRecord } from '../../internal/is-record.js';
import { readBody } from '../api/seen-request.js';
import type { SandboxLogEntry } from '../sandbox-log.js';
import { EventStream, lastEventId } from '../../pages/event-stream.js';
import { DATA_HEADERS } from '../../pages/page-headers.js';
import type { SandboxWorld } from '../state/sandbox-world.js';
import type { ControlParts } from './control-parts.js';
import { findRoute } from './control-routes.js';
import { hostRefusal } from './host-rule.js';

/** The path prefix of the control API. */
export const CONTROL_PATH = '/_sandbox';

/** An answer of the control API. `body` is written as JSON. */
export interface ControlAnswer {
  readonly status: number;
  readonly body?: unknown;
}

/**
 * Answers a request to the control API, over HTTP or from this process.
 *
 * @param target the path below `/_sandbox`, with the query if there is one
 */
export async function answerControl(
  parts: ControlParts,
  method: string,
  target: string,
  body: Readonly<Record<string, unknown>>,
): Promise<ControlAnswer> {
  const [path = '', query = ''] = target.split('?', 2);
  const found = findRoute(method, path);
  if (!found)
    return {
      status: 404,
      body: { message: `The control API of the sandbox has no ${method} ${CONTROL_PATH}${path}.` },
    };
  if (method !== 'GET') parts.world.log.add({ kind: 'control', what: `${method} ${CONTROL_PATH}${path}` });
  try {
    parts.world.scheduler.catchUp();
    const result = await found.route.handle(parts, { ids: found.ids, body, query: new URLSearchParams(query) });
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
    const [pathname = '', query = ''] = url.split('?', 2);
    const path = pathname.slice(CONTROL_PATH.length).replace(/^\/$/, '');
    const refusal = this.#refusal(request);
    if (refusal) write(response, refusal);
    else if (method === 'GET' && path === '/events') stream(this.parts.world, request, response);
    else {
      const body = parsed(await readBody(request));
      write(response, body ? await answerControl(this.parts, method, `${path}?${query}`, body) : BAD_BODY);
    }
  }

  /**
   * The control API has no password, so web pages must not reach it. A request without a preflight lacks the content
   * type. A page that points its own host name at this machine has the wrong `Host` header. Pictures and the like of
   * another page are told by the browser: some routes to read wait, and are waited for.
   */
  #refusal({ method, headers }: IncomingMessage): ControlAnswer | undefined {
    const type = headers['content-type']?.toLowerCase() ?? '';
    if (method !== 'GET' && !type.startsWith('application/json')) {
      return { status: 415, body: { message: 'Send the content type application/json.' } };
    }
    const { 'sec-fetch-site': site = 'none' } = headers;
    if (site !== 'none' && site !== 'same-origin') {
      return { status: 403, body: { message: "The control API takes no request of another site's page." } };
    }
    const message = this.isLoopback ? hostRefusal(headers) : undefined;
    return message === undefined ? undefined : { status: 403, body: { message } };
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
  response.writeHead(status, { ...DATA_HEADERS, 'content-type': 'application/json; charset=utf-8' });
  response.end(body === undefined ? '' : `${JSON.stringify(body)}\n`);
}

/** The clock may be set many times in a row. */
const CLOCK_PAUSE_MS = 50;

/**
 * Streams the log as server-sent events. With `Last-Event-ID` or `?since=` it starts after that line. The event `clock`
 * is no line of the log: it tells that the clock was set, advanced, or has another speed.
 */
function stream({ log, clock }: SandboxWorld, request: IncomingMessage, response: ServerResponse): void {
  const asked = lastEventId(request);
  const since = asked === undefined ? Number.POSITIVE_INFINITY : Number(asked);
  const events = new EventStream(response, DATA_HEADERS);
  const onEntry = (entry: SandboxLogEntry): void => {
    events.send(entry.kind, entry, entry.seq);
  };
  for (const entry of log.entries) if (entry.seq > since) onEntry(entry);
  let clockTimer: NodeJS.Timeout | undefined;
  const onClock = (): void => {
    clockTimer ??= setTimeout(() => {
      clockTimer = undefined;
      events.send('clock', { now: clock.now(), speed: clock.speed });
    }, CLOCK_PAUSE_MS).unref();
  };
  const unsubscribe = log.follow({
    onEntry,
    end: () => {
      events.end();
    },
  });
  const forget = clock.onChange(onClock);
  events.onClose(() => {
    clearTimeout(clockTimer);
    forget();
    unsubscribe();
  });
}
