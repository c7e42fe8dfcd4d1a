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

/** How the control API is reached: over HTTP, or within the process. */
export interface ControlTransport {
  send(method: string, path: string, body?: object): Promise<ControlAnswer>;
  follow(since: number | undefined, signal: AbortSignal | undefined): AsyncIterable<SandboxLogEntry>;
}

/** A market and an account. Without `apiKey` it is the sandbox's first account. */
export interface AccountOfMarket {
  /** The country code, two letters. */
  readonly market: string;
  readonly apiKey?: string;
}

/**
 * Controls a sandbox and reads its real state. It is the same for a sandbox in this process (`sandbox.control`) and in
 * another one (`SandboxControl.connect(url)`). Each method throws a `SandboxControlError` if the sandbox refuses the
 * request or does not answer.
 *
 * @example
 * const control = SandboxControl.connect('http://127.0.0.1:4010');
 * await control.setBalance({ market: 'HK' }, '0');
 */
export class SandboxControl {
  /** @internal use `connect`, or `sandbox.control` */
  constructor(private readonly transport: ControlTransport) {}

  /** The control API of a sandbox in another process, by its URL. */
  static connect(url: string): SandboxControl {
    const base = url.replace(/\/+$/, '');
    return new SandboxControl({
      send: (method, path, body) => sendOverHttp(base, method, path, body),
      follow: (since, signal) => followRemoteLog(base, since, signal),
    });
  }

  /** The sandbox's markets, keys, settings and time. */
  info(): Promise<SandboxInfo> {
    return this.#query('GET', [], isInfo);
  }

  /** All orders, oldest first. */
  orders(): Promise<SandboxOrder[]> {
    return this.#query('GET', ['orders'], isListOf(isOrder));
  }

  /** One order, with the data that Lalamove's API does not return. */
  order(orderId: string): Promise<SandboxOrder> {
    return this.#query('GET', ['orders', orderId], isOrder);
  }

  /** Moves an order to its next status, as a driver or Lalamove would. The order's script ends. */
  moveOrder(orderId: string, status: OrderStatus): Promise<SandboxOrder> {
    return this.#query('POST', ['orders', orderId, 'status'], isOrder, { status });
  }

  /** Carries out one step of a driver or of customer service now. The order's script ends. */
  drive(orderId: string, step: DriverStep): Promise<SandboxOrder> {
    return this.#query('POST', ['orders', orderId, 'steps'], isOrder, step);
  }

  /** Sets another script for an order, which starts now. */
  setScript(orderId: string, script: DriverScript): Promise<SandboxOrder> {
    return this.#query('PUT', ['orders', orderId, 'script'], isOrder, { script });
  }

  /** Sets the position of an order's driver, in degrees. */
  placeDriver(orderId: string, at: { lat: number; lng: number }): Promise<SandboxOrder> {
    return this.#query('PUT', ['orders', orderId, 'driver'], isOrder, at);
  }

  /** Sets the drivers' script for orders that are placed from now on. */
  setDrivers(script: DriverScript): Promise<void> {
    return this.#command('PUT', ['drivers'], { script });
  }

  /** The time and speed of the sandbox's clock. */
  clock(): Promise<SandboxTime> {
    return this.#query('GET', ['clock'], isTime);
  }

  /** Advances the clock at once; see `SandboxClock.advance`. */
  advance(by: Duration): Promise<SandboxTime> {
    return this.#query('POST', ['clock', 'advance'], isTime, { by });
  }

  /** Sets the speed: 1 is real time, 60 an hour a minute, 0 stands still. */
  setSpeed(speed: number): Promise<SandboxTime> {
    return this.#query('PUT', ['clock'], isTime, { speed });
  }

  /** The wallets that have been used. */
  wallets(): Promise<SandboxWallet[]> {
    return this.#query('GET', ['wallets'], isListOf(isWallet));
  }

  /** Sets the balance of a wallet: a decimal string in the market's currency. */
  setBalance(account: AccountOfMarket, balance: string): Promise<SandboxWallet> {
    return this.#query('PUT', ['wallets'], isWallet, { ...account, balance });
  }

  /** The faults that still apply. */
  faults(): Promise<FaultRule[]> {
    return this.#query('GET', ['faults'], isListOf(isFaultRule));
  }

  /** Adds a fault. Faults apply in the order in which they were added. */
  addFault(fault: Fault): Promise<FaultRule> {
    return this.#query('POST', ['faults'], isFaultRule, fault);
  }

  /** Removes a fault. */
  removeFault(id: string): Promise<void> {
    return this.#command('DELETE', ['faults', id]);
  }

  /** Removes all faults. */
  clearFaults(): Promise<void> {
    return this.#command('DELETE', ['faults']);
  }

  /** Refuses all connections, also to this control API, for this many ms of real time. */
  refuseConnections(forMs: number): Promise<void> {
    return this.#command('POST', ['refuse'], { forMs });
  }

  /** The registered URLs, and the events that were sent to them, with each attempt. */
  webhooks(): Promise<{ urls: SandboxWebhookUrl[]; events: SandboxWebhook[] }> {
    return this.#query('GET', ['webhooks'], isWebhooks);
  }

  /** Sends an event of any type and content, signed, to the webhook URL of an account. */
  sendEvent(account: AccountOfMarket, eventType: string, data: object): Promise<void> {
    return this.#command('POST', ['webhooks'], { ...account, eventType, data });
  }

  /** Sends an event again, under its own id. */
  resend(eventId: string): Promise<void> {
    return this.#command('POST', ['webhooks', eventId, 'resend'], {});
  }

  /** The latest requests to the API, each with the result of the signature check and the answer. */
  requests(): Promise<SeenRequest[]> {
    return this.#query('GET', ['requests'], isListOf(isSeenRequest));
  }

  /** The latest lines of the log. */
  log(): Promise<SandboxLogEntry[]> {
    return this.#query('GET', ['log'], isListOf(isLogEntry));
  }

  /** Streams the log, from now on or from the line after `since`. It ends when `signal` is aborted. */
  watch({ since, signal }: { since?: number; signal?: AbortSignal } = {}): AsyncIterable<SandboxLogEntry> {
    return this.transport.follow(since, signal);
  }

  /** The real number of live couriers and the real amount spent. */
  ledger(): Promise<Ledger> {
    return this.#query('GET', ['ledger'], isLedger);
  }

  /** The ledger line of all orders whose metadata contain these values. Without such orders the line is empty. */
  ledgerFor(metadata: Readonly<Record<string, string>>): Promise<LedgerLine> {
    return this.#query('POST', ['ledger'], isLedgerLine, { metadata });
  }

  /**
   * Saves the whole state, including the time and everything scheduled, but not the requests and the log. It returns
   * the id of the snapshot, which the sandbox keeps.
   */
  async snapshot(): Promise<string> {
    const { id } = await this.#query('POST', ['snapshots'], isSnapshot, {});
    return id;
  }

  /** Goes back to a snapshot. */
  restore(id: string): Promise<void> {
    return this.#command('POST', ['snapshots', id, 'restore'], {});
  }

  /** Deletes everything that happened. The clock, the random sequence and the drivers' script continue. */
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

/** An id as a path segment. An empty id or dots would change the path, and so call another command. */
function segment(id: string): string {
  if (/^\.{0,2}$/.test(id)) throw new SandboxControlError(`The sandbox has no such id: ${JSON.stringify(id)}.`, 400);
  return encodeURIComponent(id);
}

function unexpected(method: string, segments: readonly string[]): SandboxControlError {
  return new SandboxControlError(
    `${method} ${['/_sandbox', ...segments].join('/')} was not answered like a sandbox of this version does.`,
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

// Other members are not checked, because a sandbox of the same version is trusted.
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
