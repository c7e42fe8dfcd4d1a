import type { ServerResponse } from 'node:http';
import { queryOf } from './query-of.js';

/** A comment this often keeps proxies from closing a quiet stream. */
const HEARTBEAT_MS = 15_000;

/** How long a browser waits before it connects again. */
const RECONNECT_MS = 1_000;

/** A reader that is so far behind is cut off. It connects again, and names the last event that it has seen. */
const MAX_BUFFERED_BYTES = 4_000_000;

/** A stream of server-sent events (HTML, "Server-sent events") on a response of `node:http`. */
export class EventStream {
  readonly #heartbeat: NodeJS.Timeout;

  /** Sends the head of the answer. `headers` are added to those of a stream. */
  constructor(
    private readonly response: ServerResponse,
    headers: Readonly<Record<string, string>> = {},
  ) {
    // The end of the stream ends its connection, which a server that closes waits for.
    response.shouldKeepAlive = false;
    response.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      // Nginx collects answers otherwise.
      'x-accel-buffering': 'no',
    });
    response.write(`retry: ${RECONNECT_MS}\n\n`);
    this.#heartbeat = setInterval(() => {
      this.#write(': still here\n\n');
    }, HEARTBEAT_MS).unref();
    // A reader may have gone before the first event was known. Then no event `close` comes any more.
    this.onClose(() => {
      clearInterval(this.#heartbeat);
    });
    if (response.req.method === 'HEAD') this.end();
  }

  /** Sends an event. A reader that connects again names the `id` of the last one. */
  send(type: string, data: unknown, id?: string | number): void {
    const head = id === undefined ? '' : `id: ${id}\n`;
    this.#write(`${head}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** Calls back when the reader has gone. */
  onClose(callback: () => void): void {
    if (this.response.destroyed || this.response.writableEnded) callback();
    else this.response.once('close', callback);
  }

  /** Ends the stream. The reader connects again. */
  end(): void {
    clearInterval(this.#heartbeat);
    this.response.end();
  }

  #write(text: string): void {
    if (this.response.destroyed || this.response.writableEnded) return;
    if (this.response.writableLength > MAX_BUFFERED_BYTES) this.response.destroy();
    else this.response.write(text);
  }
}

/** The id of the last event that a reader has seen, from `Last-Event-ID` or `?since=`. */
export function lastEventId(request: { headers: object; url?: string | undefined }): string | undefined {
  const header: unknown = Reflect.get(request.headers, 'last-event-id');
  if (typeof header === 'string' && header !== '') return header;
  return queryOf(request.url).get('since') ?? undefined;
}
