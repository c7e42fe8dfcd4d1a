import { isRecord } from '../../internal/is-record.js';
import type { OrderStatus } from '../../api/order-status.js';
import type { SeenRequest } from '../api/seen-request.js';
import type { Fault, FaultRule } from '../faults/fault-rule.js';
import type { DriverScript, DriverStep } from '../simulation/driver-script.js';
import type { SandboxLogEntry } from '../sandbox-log.js';
import type { Duration } from '../clock/duration.js';
import type { Ledger, LedgerLine } from '../state/ledger.js';
import type { ControlAnswer } from './control-server.js';
import type {
  SandboxInfo,
  SandboxOrder,
  SandboxTime,
  SandboxWallet,
  SandboxWebhook,
  SandboxWebhookUrl,
} from './control-views.js';
import { followRemoteLog, isLogEntry } from './follow-log.js';
import { SandboxControlError } from './sandbox-control-error.js';

/** How the control is reached: over HTTP, or within the process. */
export interface ControlTransport {
  send(method: string, path: string, body?: object): Promise<ControlAnswer>;
  follow(since: number | undefined, signal: AbortSignal | undefined): AsyncIterable<SandboxLogEntry>;
}

/** Which account of which market; the sandbox's first account, unless another key is named. */
export interface AccountOfMarket {
  /** Two letters. */
  readonly market: string;
  readonly apiKey?: string;
}

/**
 * Drives a sandbox, and tells the truth about it: the same for one in this process (`sandbox.control`) and for one in another
 * (`SandboxControl.connect(url)`). Each method throws a `SandboxControlError` where the sandbox refuses.
 *
 * @example
 * const control = SandboxControl.connect('http://127.0.0.1:4010');
 * await control.setBalance({ market: 'HK' }, '0');
 */
export class SandboxControl {
  /** @internal use `connect`, or `sandbox.control` */
  constructor(private readonly transport: ControlTransport) {}

  /** The control of a sandbox that runs elsewhere, by its URL. */
  static connect(url: string): SandboxControl {
    const base = url.replace(/\/+$/, '');
    return new SandboxControl({
      send: (method, path, body) => sendOverHttp(base, method, path, body),
      follow: (since, signal) => followRemoteLog(base, since, signal),
    });
  }

  /** What the sandbox is: its markets, keys, settings and time. */
  info(): Promise<SandboxInfo> {
    return this.#query('GET', [], isInfo);
  }

  /** Every order, in the order in which they were placed. */
  orders(): Promise<SandboxOrder[]> {
    return this.#query('GET', ['orders'], isListOf(isOrder));
  }

  /** One order, with what Lalamove's answers do not show of it. */
  order(orderId: string): Promise<SandboxOrder> {
    return this.#query('GET', ['orders', orderId], isOrder);
  }

  /** Moves an order to its next status, as a driver or Lalamove would; what drivers were about to do with it is called off. */
  moveOrder(orderId: string, status: OrderStatus): Promise<SandboxOrder> {
    return this.#query('POST', ['orders', orderId, 'status'], isOrder, { status });
  }

  /** Has a driver, or customer service, do one thing with an order now; what they were about to do by themselves is called off. */
  drive(orderId: string, step: DriverStep): Promise<SandboxOrder> {
    return this.#query('POST', ['orders', orderId, 'steps'], isOrder, step);
  }

  /** Gives an order another script, which begins now. */
  setScript(orderId: string, script: DriverScript): Promise<SandboxOrder> {
    return this.#query('PUT', ['orders', orderId, 'script'], isOrder, { script });
  }

  /** Puts the driver of an order somewhere, in degrees. */
  placeDriver(orderId: string, at: { lat: number; lng: number }): Promise<SandboxOrder> {
    return this.#query('PUT', ['orders', orderId, 'driver'], isOrder, at);
  }

  /** What drivers do with orders to come. */
  setDrivers(script: DriverScript): Promise<void> {
    return this.#command('PUT', ['drivers'], { script });
  }

  /** What time it is in the sandbox, and how fast it passes. */
  clock(): Promise<SandboxTime> {
    return this.#query('GET', ['clock'], isTime);
  }

  /** Goes on by so much at once; see `SandboxClock.advance`. */
  advance(by: Duration): Promise<SandboxTime> {
    return this.#query('POST', ['clock', 'advance'], isTime, { by });
  }

  /** 1 for real time, 60 for an hour a minute, 0 to stand still. */
  setSpeed(speed: number): Promise<SandboxTime> {
    return this.#query('PUT', ['clock'], isTime, { speed });
  }

  /** The wallets that have been used. */
  wallets(): Promise<SandboxWallet[]> {
    return this.#query('GET', ['wallets'], isListOf(isWallet));
  }

  /** Tops a wallet up, or empties it: a decimal string in the market's currency. */
  setBalance(account: AccountOfMarket, balance: string): Promise<SandboxWallet> {
    return this.#query('PUT', ['wallets'], isWallet, { ...account, balance });
  }

  /** The faults that wait for their occasions. */
  faults(): Promise<FaultRule[]> {
    return this.#query('GET', ['faults'], isListOf(isFaultRule));
  }

  /** Has something go wrong; faults strike in the order in which they were added. */
  addFault(fault: Fault): Promise<FaultRule> {
    return this.#query('POST', ['faults'], isFaultRule, fault);
  }

  /** Calls a fault off. */
  removeFault(id: string): Promise<void> {
    return this.#command('DELETE', ['faults', id]);
  }

  /** Calls every fault off. */
  clearFaults(): Promise<void> {
    return this.#command('DELETE', ['faults']);
  }

  /** Refuses every connection, this control's too, for so many ms of real time. */
  refuseConnections(forMs: number): Promise<void> {
    return this.#command('POST', ['refuse'], { forMs });
  }

  /** The registered URLs, and the events that were sent to them, with each attempt. */
  webhooks(): Promise<{ urls: SandboxWebhookUrl[]; events: SandboxWebhook[] }> {
    return this.#query('GET', ['webhooks'], isWebhooks);
  }

  /** Sends an event of any type and content, signed, to the URL of an account. */
  sendEvent(account: AccountOfMarket, eventType: string, data: object): Promise<void> {
    return this.#command('POST', ['webhooks'], { ...account, eventType, data });
  }

  /** Sends an event again, under its own id. */
  resend(eventId: string): Promise<void> {
    return this.#command('POST', ['webhooks', eventId, 'resend'], {});
  }

  /** The latest requests to the API, with the verdict on each signature, and the answers. */
  requests(): Promise<SeenRequest[]> {
    return this.#query('GET', ['requests'], isListOf(isSeenRequest));
  }

  /** The latest lines of the log. */
  log(): Promise<SandboxLogEntry[]> {
    return this.#query('GET', ['log'], isListOf(isLogEntry));
  }

  /** The log, live: from now on, or from the line after `since`. Ends with `signal`. */
  watch({ since, signal }: { since?: number; signal?: AbortSignal } = {}): AsyncIterable<SandboxLogEntry> {
    return this.transport.follow(since, signal);
  }

  /** The truth about couriers and money. */
  ledger(): Promise<Ledger> {
    return this.#query('GET', ['ledger'], isLedger);
  }

  /** The truth about one thing to deliver: what the orders amount to whose metadata have all of these. An empty line where there is none. */
  ledgerFor(metadata: Readonly<Record<string, string>>): Promise<LedgerLine> {
    return this.#query('POST', ['ledger'], isLedgerLine, { metadata });
  }

  /** Remembers everything as it is now, the time and what is to come included, but for requests and log; the sandbox keeps it under the id. */
  async snapshot(): Promise<string> {
    const { id } = await this.#query('POST', ['snapshots'], isSnapshot, {});
    return id;
  }

  /** Puts everything back to where it was. */
  restore(id: string): Promise<void> {
    return this.#command('POST', ['snapshots', id, 'restore'], {});
  }

  /** Forgets everything that has happened; the clock, the seed's course and the drivers' script go on. */
  clear(): Promise<void> {
    return this.#command('DELETE', []);
  }

  async #query<T>(
    method: string,
    segments: readonly string[],
    isRight: (value: unknown) => value is T,
    body?: object,
  ): Promise<T> {
    const value = await this.#send(method, segments, body);
    if (isRight(value)) return value;
    throw unexpected(method, segments);
  }

  async #command(method: string, segments: readonly string[], body?: object): Promise<void> {
    if ((await this.#send(method, segments, body)) !== undefined) throw unexpected(method, segments);
  }

  async #send(method: string, segments: readonly string[], body?: object): Promise<unknown> {
    const path = segments.map((id) => `/${segment(id)}`).join('');
    const answer = await this.transport.send(method, path, body);
    if (answer.status < 300) return answer.body;
    const message = isRecord(answer.body) ? answer.body.message : undefined;
    throw new SandboxControlError(
      typeof message === 'string' ? message : `The sandbox answered ${answer.status}.`,
      answer.status,
    );
  }
}

/** An id as a piece of a path. Nothing, or dots, would lead to another path, and there to another command. */
function segment(id: string): string {
  if (/^\.{0,2}$/.test(id)) throw new SandboxControlError(`The sandbox has no such id: ${JSON.stringify(id)}.`, 400);
  return encodeURIComponent(id);
}

function unexpected(method: string, segments: readonly string[]): SandboxControlError {
  return new SandboxControlError(
    `${method} ${['/_sandbox', ...segments].join('/')} was answered by something that is no sandbox of this version.`,
    200,
  );
}

async function sendOverHttp(url: string, method: string, path: string, body?: object): Promise<ControlAnswer> {
  const headers = { 'content-type': 'application/json' };
  try {
    const response = await fetch(`${url}/_sandbox${path}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
    const { status } = response;
    const text = await response.text();
    const parsed: unknown = text === '' ? undefined : parseJson(text);
    if (parsed === NO_JSON) throw SandboxControlError.notASandbox(url, status);
    return { status, ...(text !== '' && { body: parsed }) };
  } catch (error) {
    throw SandboxControlError.of(error, url);
  }
}

const NO_JSON = Symbol('no JSON');

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return NO_JSON;
  }
}

// A sandbox of the same version is trusted for the rest, as Lalamove's answers are.
const has =
  <T>(...members: (keyof T & string)[]) =>
  (value: unknown): value is T =>
    isRecord(value) && members.every((member) => member in value);
const isListOf =
  <T>(isOne: (value: unknown) => value is T) =>
  (value: unknown): value is T[] =>
    Array.isArray(value) && value.every(isOne);
const isOrder = has<SandboxOrder>('order', 'placedAt');
const isInfo = has<SandboxInfo>('markets', 'counts');
const isTime = has<SandboxTime>('now', 'speed');
const isWallet = has<SandboxWallet>('market', 'balance');
const isFaultRule = has<FaultRule>('id', 'left');
const isWebhooks = has<{ urls: SandboxWebhookUrl[]; events: SandboxWebhook[] }>('urls', 'events');
const isSeenRequest = has<SeenRequest>('number', 'method', 'verdict');
const isLedger = has<Ledger>('total', 'byQuotation', 'byMetadata');
const isLedgerLine = has<LedgerLine>('orderIds', 'live', 'spent');
const isSnapshot = has<{ id: string }>('id');
