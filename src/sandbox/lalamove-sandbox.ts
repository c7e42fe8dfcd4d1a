import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { isIP, type AddressInfo, type Socket } from 'node:net';
import type { OrderStatus } from '../api/order-status.js';
import type { Order } from '../api/answers/order.js';
import type { LalamoveOperation } from '../api/endpoints.js';
import { ApiServer } from './api/api-server.js';
import { serveProof } from './api/serve-proof.js';
import { BodyTooLongError, type SeenRequest } from './api/seen-request.js';
import type { ControlParts } from './control/control-parts.js';
import { answerControl, CONTROL_PATH, ControlServer } from './control/control-server.js';
import { followLocalLog } from './control/follow-log.js';
import { SandboxControl } from './control/sandbox-control.js';
import { FaultInjector } from './faults/fault-injector.js';
import type { Fault, FaultAnswer, FaultRule } from './faults/fault-rule.js';
import { CourierSimulator } from './simulation/courier-simulator.js';
import { checkStep, type DriverStep } from './simulation/driver-script.js';
import type { LalamoveSandboxOptions } from './sandbox.options.js';
import { sandboxSettings } from './sandbox-settings.js';
import { pageConfig } from './ui/page-choices.js';
import { PageServer } from './ui/page-server.js';
import type { Duration } from './clock/duration.js';
import { SandboxClock } from './clock/sandbox-clock.js';
import { WebhookSender } from './webhooks/webhook-sender.js';
import { WebhookPublisher } from './webhooks/webhook-publisher.js';
import { ledgerFor, ledgerOf, type Ledger, type LedgerLine } from './state/ledger.js';
import { PROOFS_PATH } from './state/proof-picture.js';
import { OrderBook } from './state/order-book.js';
import { tenantKey } from './state/tenant.js';
import { SandboxWorld } from './state/sandbox-world.js';
import { Wallets } from './state/wallets.js';

const DEFAULT_HOST = '127.0.0.1';

/** The pause in ms before the server tries again to listen on its port. */
const RETRY_LISTENING_MS = 50;

/** Which requests a scripted answer applies to, and how often. */
export interface RespondNextOptions {
  /** The operation to wait for; other requests are not affected. By default any request. */
  operation?: LalamoveOperation;
  /**
   * The number of requests.
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
 * A local Lalamove over real HTTP: the calls and rules of API v3, couriers, a wallet, webhooks, a clock that can be
 * advanced, and faults on demand. The state is in memory. Every random choice depends on the seed.
 *
 * @example
 * const sandbox = await LalamoveSandbox.start({ drivers: 'prompt' });
 * LalamoveModule.forRoot({ apiKey: sandbox.apiKey, apiSecret: sandbox.apiSecret, market: 'HK', baseUrl: sandbox.url });
 * await sandbox.advance('1h');
 */
export class LalamoveSandbox {
  /** The API key of the first account. */
  readonly apiKey: string;
  /** The secret of the first account. */
  readonly apiSecret: string;
  /** The clock of the sandbox. Give it to the module as its `clock` option, so that both have the same time. */
  readonly clock: SandboxClock;
  /** The control API, with the same methods as for a sandbox in another process. */
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
   * Starts a sandbox.
   *
   * @throws RangeError if an option is invalid
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
    sandbox.#parts.world.url = sandbox.#reachableUrl();
    return sandbox;
  }

  /** The URL on which it listens, e.g. `http://127.0.0.1:40123`: the `baseUrl` of a client. */
  get url(): string {
    const { address, family, port } = this.#listening();
    return `${this.#scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  /** The URL for links. If it listens on every network, no address is better than `localhost`. */
  #reachableUrl(): string {
    return this.url.replace(/\/\/(0\.0\.0\.0|\[::\])(?=:)/, '//localhost');
  }

  /** All orders, as `GET /v3/orders/:id` would return them now. */
  get orders(): Order[] {
    return [...this.#parts.world.state.orders.values()].map(({ order }) => structuredClone(order));
  }

  /**
   * The latest requests to the API, oldest first, each with the result of the signature check and the answer. You may
   * empty this list.
   */
  get requests(): SeenRequest[] {
    return this.#parts.api.requests;
  }

  /** The real number of live couriers and the real amount spent. */
  get ledger(): Ledger {
    return ledgerOf(this.#parts.world);
  }

  /**
   * The ledger line of all orders whose metadata contain these values. Without such orders the line is empty.
   *
   * @example
   * expect(sandbox.ledgerFor({ reference: 'A-1' }).live).toHaveLength(1);
   */
  ledgerFor(metadata: Readonly<Record<string, string>>): LedgerLine {
    return ledgerFor(this.#parts.world, metadata);
  }

  /** Stops listening, cuts all connections, and cancels everything scheduled. The state is lost. */
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

  /**
   * Advances the clock at once, e.g. by `'2h'`; see `SandboxClock.advance`. It resolves after the resulting webhooks
   * were sent.
   */
  async advance(by: Duration): Promise<void> {
    await this.clock.advance(by);
  }

  /**
   * Adds a fault.
   *
   * @throws RangeError if the fault is invalid
   */
  addFault(fault: Fault): FaultRule {
    return structuredClone(this.#parts.faults.add(fault));
  }

  /**
   * Scripts the answer to the next request or requests. It is short for a fault with an `answer`. Scripts are used in
   * the order in which they were added. The signature is still checked and recorded.
   *
   * @throws RangeError if the catalog does not have the code, or status or `times` are invalid
   */
  respondNext(answer: FaultAnswer, { operation, times = 1, afterWork = false }: RespondNextOptions = {}): void {
    this.addFault({ ...(operation && { call: operation }), times, work: afterWork ? 'done' : 'skipped', answer });
  }

  /**
   * Sends the events of an account to this URL from now on, without the probe of `PATCH /v3/webhook`: for an app that
   * does not listen yet, or that is not to register the URL itself.
   *
   * @param account its market, and its key if it is not the first account
   * @throws RangeError if it is no http or https URL
   */
  setWebhookUrl(url: string, { market, apiKey = this.apiKey }: { market: string; apiKey?: string }): void {
    if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
      throw new RangeError(
        `${JSON.stringify(url)} is not an absolute http or https URL: webhooks cannot be sent to it.`,
      );
    }
    const tenant = { apiKey, market: market.toUpperCase() };
    this.#parts.world.state.registrations.set(tenantKey(tenant), { tenant, url, isDisabled: false });
  }

  /** Lets the process end while the sandbox listens, if nothing else keeps it alive. */
  unref(): this {
    this.#server.unref();
    return this;
  }

  /**
   * Moves an order to its next status, as a driver or Lalamove would; `ON_GOING` assigns a driver. The order's script
   * ends.
   *
   * @throws RangeError if the order does not exist or the status cannot follow
   */
  moveOrder(orderId: string, status: OrderStatus): Order {
    const entry = this.#parts.orders.get(orderId);
    this.#parts.orders.move(entry, status);
    this.#parts.simulator.follow(entry, []);
    return structuredClone(entry.order);
  }

  /**
   * Carries out one step of a driver or of customer service now. The order's script ends.
   *
   * @throws RangeError if the order does not exist or its status does not allow the step
   */
  drive(orderId: string, step: DriverStep): Order {
    const entry = this.#parts.orders.get(orderId);
    this.#parts.simulator.do(entry, checkStep(step));
    return structuredClone(entry.order);
  }

  /** Cuts every connection, also those that are still in the TLS handshake. */
  #cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Closes the listening socket for a while, so that clients see the same error as for a host that is down. */
  #refuseConnections(ms: number): void {
    if (!this.#address) return;
    const { port, address } = this.#address;
    clearTimeout(this.#listensAgain);
    this.#server.close();
    this.#cut();
    const listenIn = (wait: number): void => {
      this.#listensAgain = setTimeout(() => this.#server.listen(port, address), wait);
    };
    // Another process may hold the port for a moment.
    this.#server.removeAllListeners('error').on('error', () => {
      listenIn(RETRY_LISTENING_MS);
    });
    listenIn(ms);
  }

  #listening(): AddressInfo {
    if (this.#address) return this.#address;
    throw new Error('The sandbox has been stopped and has no URL: start another one.');
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
  const pageServer = new PageServer(pageConfig(parts.world.settings), isLoopback(host));
  const serverOf = (request: IncomingMessage): RequestServer => {
    if (PageServer.isFor(request)) return pageServer;
    return request.url?.startsWith(CONTROL_PATH) ? controlServer : parts.api;
  };
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    if (request.url?.startsWith(PROOFS_PATH)) serveProof(request, response);
    else void serveSafely(serverOf(request), request, response);
  };
  return tls ? createHttpsServer(tls, serve) : createHttpServer(serve);
}

type RequestServer = Pick<ApiServer, 'serve'>;

/** Serves a request. If the client disconnects there is nothing to do; an error of the sandbox itself becomes a 500. */
async function serveSafely(server: RequestServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await server.serve(request, response);
  } catch (error) {
    const isTooLong = error instanceof BodyTooLongError;
    const why = error instanceof Error ? error.message : String(error);
    const message = isTooLong ? why : `The sandbox failed because of a bug: ${why}`;
    if (!response.headersSent) {
      response.writeHead(isTooLong ? 413 : 500, { 'content-type': 'application/json', connection: 'close' });
    }
    response.end(`${JSON.stringify({ message })}\n`);
  }
}

function throughJson<T>(value: T): T {
  // Safe, because everything that the control API takes and returns is JSON.
  return JSON.parse(JSON.stringify(value)) as T;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
