import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A request that a receiver got. */
export interface ReceivedWebhook {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** The exact text. */
  readonly body: string;
}

/** An event, read from a webhook's body. */
export interface ReceivedEvent extends ReceivedWebhook {
  readonly apiKey: string;
  readonly timestamp: number;
  readonly signature: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly eventVersion: string;
  readonly data: Record<string, unknown>;
  /** The exact bytes of `data` in the body, which are signed. */
  readonly dataText: string;
}

/** The types of the events after an order was placed, in their order. */
export const FIRST_EVENTS = ['WALLET_BALANCE_CHANGED', 'ORDER_CREATED', 'ORDER_STATUS_CHANGED'] as const;

/** The answer of a receiver: a status, a redirect, no answer, or a promise of one of them. */
export type WebhookAnswer = number | { readonly redirect: string } | 'hang';

/** A server for webhooks that records the exact requests, and sends scripted answers. */
export class WebhookReceiver {
  /** All requests, including probes, in the order of their arrival. */
  readonly received: ReceivedWebhook[] = [];
  /** The answers to the next webhooks. */
  answer: (webhook: ReceivedWebhook) => WebhookAnswer | Promise<WebhookAnswer> = () => 200;
  readonly #sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly port: number,
  ) {
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.on('request', (request, response) => {
      void this.#serve(request, response);
    });
  }

  static async start(): Promise<WebhookReceiver> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new WebhookReceiver(server, portOf(server.address()));
  }

  /** The URL of the receiver. After it was stopped, nothing listens there. */
  get url(): string {
    return this.urlOf('/hooks/lalamove');
  }

  /** The URL with another path. */
  urlOf(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** The received events, without probes. */
  get events(): ReceivedEvent[] {
    return this.received.filter(({ body }) => body !== '').map(readEvent);
  }

  /** The types of the received events. */
  get types(): string[] {
    return this.events.map(({ eventType }) => eventType);
  }

  /** The number of open connections. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Clears the recorded requests. */
  clear(): void {
    this.received.length = 0;
  }

  /** Stops the server and closes its connections. */
  async stop(): Promise<void> {
    if (!this.server.listening) return;
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    request.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    await once(request, 'end');
    const { method = '', url = '', headers } = request;
    const webhook = { method, path: url, headers, body: Buffer.concat(chunks).toString('utf8') };
    this.received.push(webhook);
    const answer = await this.answer(webhook);
    if (answer === 'hang') return;
    if (typeof answer === 'number') response.writeHead(answer).end();
    else response.writeHead(302, { location: answer.redirect }).end();
  }
}

/**
 * Reads an event from a body.
 *
 * @throws TypeError if the body is no event
 */
export function readEvent(webhook: ReceivedWebhook): ReceivedEvent {
  const { body } = webhook;
  const event: unknown = JSON.parse(body);
  const dataText = body.slice(body.indexOf('"data":') + '"data":'.length, -1);
  if (!isEvent(event) || JSON.stringify(event.data) !== dataText) throw new TypeError(`This is no event: ${body}`);
  return { ...webhook, ...event, dataText };
}

/** The value at a path of names in nested objects; `undefined` if one of them is missing. */
export function withTimeout(value: unknown, ...names: string[]): unknown {
  return names.reduce<unknown>((found, name) => (isObject(found) ? found[name] : undefined), value);
}

function isEvent(value: unknown): value is Omit<ReceivedEvent, keyof ReceivedWebhook | 'dataText'> {
  if (!isObject(value) || typeof value.timestamp !== 'number' || !isObject(value.data)) return false;
  return [value.apiKey, value.signature, value.eventId, value.eventType, value.eventVersion].every(
    (text) => typeof text === 'string',
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function portOf(address: AddressInfo | string | null): number {
  if (typeof address === 'object' && address !== null) return address.port;
  throw new TypeError('The server has no port.');
}
