import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock, type Clock } from '../clock.js';
import type { Order, OrderStatus } from '../dto/order.js';
import type { LalamoveOperation } from '../errors/operation-table.js';
import { Refusal, writeRefusal, type RefusalAnswer, type WrittenAnswer } from './refusal.js';
import { admit, seeRequest, type SeenRequest } from './sandbox-request.js';
import { SandboxState } from './sandbox-state.js';

/** Options of {@link LalamoveSandbox.start}. */
export interface LalamoveSandboxOptions {
  /**
   * The port; 0 takes a free one.
   *
   * @default 0
   */
  port?: number;
  /**
   * The address to listen on.
   *
   * @default '127.0.0.1'
   */
  host?: string;
  /** @default 'pk_test_sandbox' */
  apiKey?: string;
  /** @default 'sk_test_sandbox' */
  apiSecret?: string;
  /**
   * Where time comes from: the 5 minutes of a quotation, the windows of cancelling and changing the driver.
   *
   * @default the system's clock
   */
  clock?: Clock;
}

/** What the next request gets, whatever it asks: a refusal of the error catalog, an answer word for word, or no answer at all. */
export type ScriptedAnswer = RefusalAnswer | WrittenAnswer | 'reset' | 'silence';

/** Which request a scripted answer is for, and how often. */
export interface ScriptOptions {
  /** Waits for a request of this call; others pass. Any request by default. */
  operation?: LalamoveOperation;
  /**
   * For how many requests.
   *
   * @default 1
   */
  times?: number;
  /**
   * Whether the call is carried out first, so that only its answer is lost.
   *
   * @default false
   */
  afterWork?: boolean;
}

interface Script extends Required<Pick<ScriptOptions, 'times' | 'afterWork'>> {
  operation: LalamoveOperation | undefined;
  answer: Exclude<ScriptedAnswer, RefusalAnswer>;
}

/**
 * A local Lalamove over real HTTP: checks signatures, speaks the envelope, keeps quotations for 5 minutes and orders as long as it runs, moves
 * orders through their statuses on command, and answers anything of the error catalog on demand. State is in memory.
 *
 * @example
 * const sandbox = await LalamoveSandbox.start();
 * LalamoveModule.forRoot({ apiKey: sandbox.apiKey, apiSecret: sandbox.apiSecret, market: 'HK', baseUrl: sandbox.url });
 */
export class LalamoveSandbox {
  readonly apiKey: string;
  readonly apiSecret: string;
  /** Every API request that came, in order. */
  readonly requests: SeenRequest[] = [];

  readonly #server: Server;
  readonly #state: SandboxState;
  readonly #scripts: Script[] = [];

  private constructor({
    apiKey = 'pk_test_sandbox',
    apiSecret = 'sk_test_sandbox',
    clock = systemClock,
  }: LalamoveSandboxOptions) {
    this.apiKey = apiKey;
    this.apiSecret = apiSecret;
    this.#state = new SandboxState(clock);
    this.#server = createServer((request, response) => {
      void this.#serve(request, response);
    });
  }

  /**
   * Starts a sandbox of its own.
   *
   * @throws the error of `listen`, e.g. `EADDRINUSE`
   */
  static async start(options: LalamoveSandboxOptions = {}): Promise<LalamoveSandbox> {
    const sandbox = new LalamoveSandbox(options);
    await new Promise<void>((resolve, reject) => {
      sandbox.#server.once('error', reject).listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
    });
    return sandbox;
  }

  /** Where it listens, e.g. `http://127.0.0.1:40123`: the `baseUrl` of a client. */
  get url(): string {
    const { address, family, port } = this.#address();
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  /** Every order, as `GET /v3/orders/:id` would answer it now. */
  get orders(): Order[] {
    return [...this.#state.orders.values()].map(({ order }) => structuredClone(order));
  }

  /** Stops listening and cuts what is open. What it knew is gone. */
  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
      this.#server.closeAllConnections();
    });
  }

  /**
   * Scripts the answer to the next request (or requests); scripts are used up in their order. The signature is checked and noted first.
   *
   * @throws TypeError for a code that the catalog does not have
   * @throws RangeError for a status or a number of times that cannot be
   */
  respondNext(answer: ScriptedAnswer, { operation, times = 1, afterWork = false }: ScriptOptions = {}): void {
    const written = typeof answer === 'object' && 'code' in answer ? writeRefusal(answer) : answer;
    if (
      typeof written === 'object' &&
      !(Number.isInteger(written.status) && written.status >= 200 && written.status <= 999)
    ) {
      throw new RangeError('A scripted status must be a whole number from 200 to 999.');
    }
    if (!(Number.isInteger(times) && times >= 1)) throw new RangeError('times must be a whole number of at least 1.');
    this.#scripts.push({ answer: written, operation, times, afterWork });
  }

  /**
   * Moves an order to its next status, as a driver or Lalamove would; `ON_GOING` matches a driver.
   *
   * @throws RangeError for an order that does not exist, or a status that cannot follow
   */
  moveOrder(orderId: string, status: OrderStatus): Order {
    return structuredClone(this.#state.move(orderId, status));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const seen = await seeRequest(request, this);
      this.requests.push(seen);
      const script = this.#nextScript(seen.operation);
      const worked = script && !script.afterWork ? undefined : this.#work(seen);
      const answer = script?.answer ?? worked;
      if (answer !== undefined && typeof answer !== 'string') seen.answer = this.#write(response, answer);
      else if (answer === 'reset') response.socket?.resetAndDestroy();
    } catch (error) {
      // Either the client went away in mid-request, and nobody reads this, or the sandbox has a fault of its own, which must be seen.
      const message = `The sandbox itself failed: ${error instanceof Error ? error.message : String(error)}`;
      if (!response.headersSent) this.#write(response, { status: 500, body: JSON.stringify({ message }) });
    }
  }

  #work(seen: SeenRequest): WrittenAnswer {
    try {
      const { handle, call } = admit(seen, this.#state);
      const { status, data } = handle(call);
      return { status, body: data === undefined ? '' : `${JSON.stringify({ data })}\n` };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return writeRefusal(error.answer);
    }
  }

  #nextScript(operation: LalamoveOperation | undefined): Script | undefined {
    const index = this.#scripts.findIndex((script) => script.operation === undefined || script.operation === operation);
    const script = this.#scripts[index];
    if (!script) return undefined;
    script.times -= 1;
    if (script.times <= 0) this.#scripts.splice(index, 1);
    return script;
  }

  #write(response: ServerResponse, { status, headers, body }: WrittenAnswer): { status: number; body: string } {
    response.writeHead(status, {
      'content-type': 'application/json; charset=utf-8',
      'request-id': randomUUID(),
      date: new Date(this.#state.clock.now()).toUTCString(),
      ...headers,
    });
    response.end(body);
    return { status, body };
  }

  #address(): AddressInfo {
    const address = this.#server.address();
    if (address === null || typeof address === 'string')
      throw new Error('The sandbox has been stopped: start another one.');
    return address;
  }
}
