import { expect } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  LalamoveSandbox,
  SandboxClock,
  SandboxControl,
  SandboxControlError,
  type AccountOfMarket,
  type SandboxLogEntry,
} from 'nestjs-lalamove/sandbox';
import { failureOf } from '../support/lalamove.js';

export const OTHER = { apiKey: 'pk_test_other', apiSecret: 'sk_test_other' };

export const UNKNOWN_ID = '1234567890123456789';

/** The language and a valid phone of each market. */
export const MARKETS: Record<string, { language: string; phone: string }> = {
  HK: { language: 'en_HK', phone: '+85251234567' },
  SG: { language: 'en_SG', phone: '+6591234567' },
};

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export interface Caller {
  apiKey?: string;
  apiSecret?: string;
  market?: string;
}

/** Calls the API with a signature made here, without any code of the package. */
export async function call(
  { url, clock, ...sandbox }: Pick<LalamoveSandbox, 'url' | 'clock' | 'apiKey' | 'apiSecret'>,
  method: string,
  path: string,
  data?: object,
  { apiKey = sandbox.apiKey, apiSecret = sandbox.apiSecret, market = 'HK' }: Caller = {},
): Promise<Answer> {
  const timestamp = String(clock.now());
  const body = data ? JSON.stringify({ data }) : '';
  const signature = createHmac('sha256', apiSecret)
    .update(`${timestamp}\r\n${method}\r\n${path}\r\n\r\n${body}`)
    .digest('hex');
  const headers = { authorization: `hmac ${apiKey}:${timestamp}:${signature}`, market };
  const response = await fetch(url + path, { method, headers, ...(data && { body }) });
  return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
}

export interface Quoted {
  quotationId: string;
  stops: { stopId: string }[];
}

/** The value or the error of a promise. The errors of `fetch` are not of Jest's realm. */
export const endOf = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

/** Resolves after the pending callbacks have run. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A webhook receiver that answers with `status`. */
export class Receiver {
  readonly bodies: string[] = [];
  status = 200;
  readonly #server = createServer((incoming, response) => {
    let body = '';
    incoming.on('data', (chunk) => (body += String(chunk)));
    incoming.on('end', () => {
      if (body !== '') this.bodies.push(body);
      response.writeHead(this.status).end();
    });
  });

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hooks`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** A sandbox on a clock that stands still, with two accounts, and a client of its API. */
export class Scene {
  #sandbox: LalamoveSandbox | undefined;
  #receiver = new Receiver();
  #hooks = '';

  async start(): Promise<void> {
    const clock = new SandboxClock({ speed: 0, startAt: '2026-11-22T08:00:00Z' });
    const webhooks = { retryPauses: ['1m'] };
    this.#sandbox = await LalamoveSandbox.start({ clock, accounts: [OTHER], rateLimits: false, webhooks });
    this.#receiver = new Receiver();
    this.#hooks = await this.#receiver.start();
  }

  async stop(): Promise<void> {
    this.#receiver.stop();
    await this.#sandbox?.stop();
  }

  get sandbox(): LalamoveSandbox {
    if (!this.#sandbox) throw new Error('Start the scene first.');
    return this.#sandbox;
  }

  get receiver(): Receiver {
    return this.#receiver;
  }

  /** The URL of the receiver. */
  get hooks(): string {
    return this.#hooks;
  }

  call(method: string, path: string, data?: object, caller?: Caller): Promise<Answer> {
    return call(this.sandbox, method, path, data, caller);
  }

  async quote(caller: Caller = {}): Promise<Quoted> {
    const language = MARKETS[caller.market ?? 'HK']?.language;
    const stops = [{ address: 'First street' }, { address: 'Second street' }];
    const answer = await this.call('POST', '/v3/quotations', { serviceType: 'MOTORCYCLE', language, stops }, caller);
    return (JSON.parse(answer.body) as { data: Quoted }).data;
  }

  order({ quotationId, stops: [from, to] }: Quoted, more: object = {}, caller: Caller = {}): Promise<Answer> {
    const phone = MARKETS[caller.market ?? 'HK']?.phone;
    const sender = { stopId: from?.stopId, name: 'Shop', phone };
    const recipients = [{ stopId: to?.stopId, name: 'Ada', phone, remarks: 'Ring twice' }];
    return this.call('POST', '/v3/orders', { quotationId, sender, recipients, ...more }, caller);
  }

  /** Requests a quotation and places its order. */
  async book(more: object = {}, caller: Caller = {}): Promise<string> {
    const answer = await this.order(await this.quote(caller), more, caller);
    return (JSON.parse(answer.body) as { data: { orderId: string } }).data.orderId;
  }

  registerWebhooks(caller: Caller = {}): Promise<Answer> {
    return this.call('PATCH', '/v3/webhook', { url: this.hooks }, caller);
  }

  /** Creates some of everything: an order, events with their attempts, right and wrong requests, a fault. */
  async populate(): Promise<Known> {
    const { sandbox } = this;
    const { control } = sandbox;
    await this.registerWebhooks();
    const { id: faultId } = sandbox.addFault({
      call: 'getDriver',
      times: 'always',
      answer: { code: 'LALAMOVE_FORBIDDEN' },
    });
    const orderId = await this.book({ metadata: { reference: 'A-1' } });
    await this.book({}, OTHER);
    await this.call('GET', `/v3/orders/${UNKNOWN_ID}`, undefined, { apiSecret: 'sk_test_wrong' });
    await sandbox.advance(0);
    const { events } = await control.webhooks();
    return { orderId, faultId, eventId: events[0]?.eventId ?? '', snapshotId: await control.snapshot() };
  }
}

export const statusOf = async (control: SandboxControl, orderId: string): Promise<string> =>
  (await control.order(orderId)).order.status;

/** The first lines that a watcher receives. */
export async function firstOf(lines: AsyncIterable<SandboxLogEntry>, count: number): Promise<SandboxLogEntry[]> {
  const received: SandboxLogEntry[] = [];
  for await (const line of lines) {
    received.push(line);
    if (received.length === count) break;
  }
  return received;
}

/** The ids that the calls below use. */
export interface Known {
  orderId: string;
  eventId: string;
  faultId: string;
  snapshotId: string;
}

export const HK: AccountOfMarket = { market: 'HK' };

/** The message of a refused command. It also checks the error class and the status. */
export const refused = async (asked: Promise<unknown>): Promise<unknown> => {
  const error = await failureOf(asked);
  expect(error).toBeInstanceOf(SandboxControlError);
  expect(error).toMatchObject({ name: 'SandboxControlError', status: 400 });
  return error.message;
};

/** The two ways to reach the control API. */
export const CONTROLS: [way: string, of: (sandbox: LalamoveSandbox) => SandboxControl][] = [
  ['in process', (sandbox: LalamoveSandbox): SandboxControl => sandbox.control],
  ['over HTTP', (sandbox: LalamoveSandbox): SandboxControl => SandboxControl.connect(sandbox.url)],
];
