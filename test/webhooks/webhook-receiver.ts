import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A request as it came to a receiver. */
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
  /** The bytes of `data` as they stood in the body: what is signed. */
  readonly dataText: string;
}

/** What tells of an order that has been placed, one after the other. */
export const FIRST_EVENTS = ['WALLET_BALANCE_CHANGED', 'ORDER_CREATED', 'ORDER_STATUS_CHANGED'] as const;

/** What a receiver answers: a status, a redirect, nothing at all, or whichever of them it comes to in the end. */
export type WebhookAnswer = number | { readonly redirect: string } | 'hang';

/** A webhook URL of ours: it records what comes, byte for byte, and answers by script. */
export class WebhookReceiver {
  /** Everything that came, probes too, in the order of its arrival. */
  readonly received: ReceivedWebhook[] = [];
  /** What the next webhooks get. */
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

  /** Where it listens; of a receiver that was stopped, where nobody does. */
  get url(): string {
    return this.urlOf('/hooks/lalamove');
  }

  /** Its URL with another path. */
  urlOf(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** The events that came; a probe is none. */
  get events(): ReceivedEvent[] {
    return this.received.filter(({ body }) => body !== '').map(readEvent);
  }

  /** The types of the events that came. */
  get types(): string[] {
    return this.events.map(({ eventType }) => eventType);
  }

  /** How many connections are open. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Forgets what came. */
  clear(): void {
    this.received.length = 0;
  }

  /** Stops, and cuts what is open. */
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
 * Reads an event as its receiver would.
 *
 * @throws TypeError for what is none
 */
export function readEvent(webhook: ReceivedWebhook): ReceivedEvent {
  const { body } = webhook;
  const event: unknown = JSON.parse(body);
  const dataText = body.slice(body.indexOf('"data":') + '"data":'.length, -1);
  if (!isEvent(event) || JSON.stringify(event.data) !== dataText) throw new TypeError(`This is no event: ${body}`);
  return { ...webhook, ...event, dataText };
}

/** What stands in nested objects under a list of names; `undefined` where one of them is missing. */
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
  throw new TypeError('It listens on no port.');
}
