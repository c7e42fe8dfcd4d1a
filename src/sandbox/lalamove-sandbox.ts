import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { isIP, type AddressInfo, type Socket } from 'node:net';
import type { OrderStatus } from '../api/order-status.js';
import type { Order } from '../api/answers/order.js';
import type { LalamoveOperation } from '../api/operation-table.js';
import { ApiServer } from './api/api-server.js';
import { BodyTooLongError, type SeenRequest } from './api/seen-request.js';
import type { ControlParts } from './control/control-routes.js';
import { answerControl, CONTROL_PATH, ControlServer } from './control/control-server.js';
import { followLocalLog } from './control/follow-log.js';
import { SandboxControl } from './control/sandbox-control.js';
import { FaultInjector } from './faults/fault-injector.js';
import type { Fault, FaultAnswer, FaultRule } from './faults/fault-rule.js';
import { CourierSimulator } from './simulation/courier-simulator.js';
import { checkStep, type DriverStep } from './simulation/driver-script.js';
import type { LalamoveSandboxOptions } from './sandbox.options.js';
import { sandboxSettings } from './sandbox-settings.js';
import type { Duration } from './clock/duration.js';
import { SandboxClock } from './clock/sandbox-clock.js';
import { WebhookSender } from './webhooks/webhook-sender.js';
import { WebhookPublisher } from './webhooks/webhook-publisher.js';
import { ledgerFor, ledgerOf, type Ledger, type LedgerLine } from './state/ledger.js';
import { OrderBook } from './state/order-book.js';
import { SandboxWorld } from './state/sandbox-world.js';
import { Wallets } from './state/wallets.js';

const DEFAULT_HOST = '127.0.0.1';

/** The pause in ms before the server tries again to listen on its port. */
const RETRY_LISTENING_MS = 50;

/** Which requests a scripted answer is for, and how often. */
export interface RespondNextOptions {
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

/**
 * A local Lalamove over real HTTP: the calls and rules of API v3, couriers, a wallet, webhooks, a clock that can be advanced, and faults on command. State is in
 * memory; every random choice follows from the seed.
 *
 * @example
 * const sandbox = await LalamoveSandbox.start({ drivers: 'prompt' });
 * LalamoveModule.forRoot({ apiKey: sandbox.apiKey, apiSecret: sandbox.apiSecret, market: 'HK', baseUrl: sandbox.url });
 * await sandbox.advance('1h');
 */
export class LalamoveSandbox {
  /** The keys of the first account. */
  readonly apiKey: string;
  readonly apiSecret: string;
  /** The time in the sandbox. As the module's `clock` option it drives both. */
  readonly clock: SandboxClock;
  /** All that can be asked and told, as it is for a sandbox in another process. */
  readonly control: SandboxControl;

  readonly #server: Server;
  readonly #parts: ControlParts;
  readonly #scheme: 'http' | 'https';
  readonly #unsettle: () => void;
  readonly #sockets = new Set<Socket>();
  #listensAgain: NodeJS.Timeout | undefined;
  #address: AddressInfo | undefined;

  private constructor(options: LalamoveSandboxOptions) {
    const settings = sandboxSettings(options);
    const [first] = settings.accounts;
    this.apiKey = first?.apiKey ?? '';
    this.apiSecret = first?.apiSecret ?? '';
    const { clock } = options;
    this.clock = clock instanceof SandboxClock ? clock : new SandboxClock(clock && { base: clock });

    const world = new SandboxWorld(settings, this.clock);
    this.#parts = createParts(world, (ms) => {
      setImmediate(() => {
        this.#refuseConnections(ms);
      });
    });
    handleScheduledItems(this.#parts);
    this.#unsettle = this.clock.settle(async () => {
      await this.#parts.api.idle();
      await this.#parts.sender.idle();
    });
    this.control = new SandboxControl({
      // Copied through JSON, so that callers in this process never hold the sandbox's own state.
      send: async (method, path, body = {}) =>
        throughJson(await answerControl(this.#parts, method, path, throughJson({ ...body }))),
      follow: (since, signal) => followLocalLog(world.log, since, signal),
    });
    this.#scheme = options.tls ? 'https' : 'http';
    this.#server = createServer(options, this.#parts);
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  /**
   * Starts a sandbox of its own.
   *
   * @throws RangeError for an option that cannot be
   * @throws the error of `listen`, e.g. `EADDRINUSE`
   */
  static async start(options: LalamoveSandboxOptions = {}): Promise<LalamoveSandbox> {
    const sandbox = new LalamoveSandbox(options);
    const server = sandbox.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(options.port ?? 0, options.host ?? DEFAULT_HOST, () => {
        server.off('error', reject);
        resolve();
      });
    });
    const address = server.address();
    if (typeof address === 'object' && address !== null) sandbox.#address = address;
    return sandbox;
  }

  /** Where it listens, e.g. `http://127.0.0.1:40123`: the `baseUrl` of a client. */
  get url(): string {
    const { address, family, port } = this.#listening();
    return `${this.#scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  /** Every order, as `GET /v3/orders/:id` would answer it now. */
  get orders(): Order[] {
    return [...this.#parts.world.state.orders.values()].map(({ order }) => structuredClone(order));
  }

  /** The latest requests to the API, in order, each with the verdict on its signature and its answer. The list is yours to empty. */
  get requests(): SeenRequest[] {
    return this.#parts.api.requests;
  }

  /** The truth about couriers and money. */
  get ledger(): Ledger {
    return ledgerOf(this.#parts.world);
  }

  /**
   * The truth about one thing to deliver: what the orders amount to whose metadata have all of these. An empty line where there is none.
   *
   * @example
   * expect(sandbox.ledgerFor({ reference: 'A-1' }).live).toHaveLength(1);
   */
  ledgerFor(metadata: Readonly<Record<string, string>>): LedgerLine {
    return ledgerFor(this.#parts.world, metadata);
  }

  /** Stops listening, cuts what is open, and calls off what was to come. What it knew is gone. */
  async stop(): Promise<void> {
    clearTimeout(this.#listensAgain);
    this.#address = undefined;
    this.#parts.world.scheduler.end();
    this.#parts.api.stop();
    this.#parts.sender.stop();
    this.#parts.world.log.end();
    this.#parts.world.followers.end();
    this.#unsettle();
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
      this.#cut();
    });
  }

  /** Goes on by so much at once, e.g. `'2h'`; see `SandboxClock.advance`. Webhooks that this causes have been sent when it resolves. */
  async advance(by: Duration): Promise<void> {
    await this.clock.advance(by);
  }

  /**
   * Has something go wrong.
   *
   * @throws RangeError for a fault that cannot be
   */
  addFault(fault: Fault): FaultRule {
    return structuredClone(this.#parts.faults.add(fault));
  }

  /**
   * Scripts the answer to the next request, or requests: short for a fault with an `answer`. Scripts are used up in their order; the signature is
   * checked and noted first.
   *
   * @throws RangeError for a code that the catalog does not have, or a status or a number of times that cannot be
   */
  respondNext(answer: FaultAnswer, { operation, times = 1, afterWork = false }: RespondNextOptions = {}): void {
    this.addFault({ ...(operation && { call: operation }), times, work: afterWork ? 'done' : 'skipped', answer });
  }

  /**
   * Moves an order to its next status, as a driver or Lalamove would; `ON_GOING` matches a driver. What drivers were about to do with it is called off.
   *
   * @throws RangeError for an order that does not exist, or a status that cannot follow
   */
  moveOrder(orderId: string, status: OrderStatus): Order {
    const entry = this.#parts.orders.get(orderId);
    this.#parts.orders.move(entry, status);
    this.#parts.simulator.follow(entry, []);
    return structuredClone(entry.order);
  }

  /**
   * Has a driver, or customer service, do one thing with an order now; what they were about to do by themselves is called off.
   *
   * @throws RangeError for an order that does not exist, or a step that its status does not allow
   */
  drive(orderId: string, step: DriverStep): Order {
    const entry = this.#parts.orders.get(orderId);
    this.#parts.simulator.do(entry, checkStep(step));
    return structuredClone(entry.order);
  }

  /** Cuts every connection, also one that has not shaken hands over TLS yet. */
  #cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** A refused connection cannot be told from a host that is down: the socket is closed, and opened again. */
  #refuseConnections(ms: number): void {
    if (!this.#address) return;
    const { port, address } = this.#address;
    clearTimeout(this.#listensAgain);
    this.#server.close();
    this.#cut();
    const listenIn = (wait: number): void => {
      this.#listensAgain = setTimeout(() => this.#server.listen(port, address), wait);
    };
    // Somebody may have taken the port meanwhile, for a moment.
    this.#server.removeAllListeners('error').on('error', () => {
      listenIn(RETRY_LISTENING_MS);
    });
    listenIn(ms);
  }

  #listening(): AddressInfo {
    if (this.#address) return this.#address;
    throw new Error('The sandbox has been stopped: start another one.');
  }
}

function createParts(world: SandboxWorld, refuseConnections: (ms: number) => void): ControlParts {
  const wallets = new Wallets(world);
  const orders = new OrderBook(world, wallets);
  const simulator = new CourierSimulator(world, orders);
  const faults = new FaultInjector(world);
  const sender = new WebhookSender(world);
  const publisher = new WebhookPublisher(world, wallets, faults, sender);
  const parts = { world, wallets, orders, simulator, publisher, sender };
  const api = new ApiServer(parts, faults);
  return { ...parts, api, faults, snapshots: new Map(), refuseConnections };
}

function handleScheduledItems({ world, orders, simulator, sender, api }: ControlParts): void {
  world.scheduler.handle({
    expiry: ({ orderId }) => {
      const entry = world.state.orders.get(orderId);
      if (entry) orders.expire(entry);
    },
    step: ({ orderId, run }) => {
      simulator.next(orderId, run);
    },
    replacement: ({ orderId }) => {
      simulator.replace(orderId);
    },
    webhook: ({ delivery, attempt }) => {
      sender.attempt(delivery, attempt);
    },
    'late-work': ({ request }) => {
      api.workLate(request);
    },
  });
}

function createServer({ host = DEFAULT_HOST, tls }: LalamoveSandboxOptions, parts: ControlParts): Server {
  if (host === '') {
    throw new RangeError(
      "The sandbox's option host is empty. Node would listen on every network: give an address such as 127.0.0.1.",
    );
  }
  const controlServer = new ControlServer(parts, isLoopback(host));
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const isControl = request.url?.startsWith(CONTROL_PATH) ?? false;
    void serveSafely(isControl ? controlServer : parts.api, request, response);
  };
  return tls ? createHttpsServer(tls, serve) : createHttpServer(serve);
}

/** Serves a request; a client that went away in mid-request is nobody's fault, and one of the sandbox's own must be seen. */
async function serveSafely(
  server: Pick<ApiServer, 'serve'>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await server.serve(request, response);
  } catch (error) {
    const isTooLong = error instanceof BodyTooLongError;
    const why = error instanceof Error ? error.message : String(error);
    const message = isTooLong ? why : `The sandbox itself failed: ${why}`;
    if (!response.headersSent) {
      response.writeHead(isTooLong ? 413 : 500, { 'content-type': 'application/json', connection: 'close' });
    }
    response.end(`${JSON.stringify({ message })}\n`);
  }
}

function throughJson<T>(value: T): T {
  // The same type again: what the control takes and gives is JSON by its very nature.
  return JSON.parse(JSON.stringify(value)) as T;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
