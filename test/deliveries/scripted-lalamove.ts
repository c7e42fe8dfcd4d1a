import type { Order, PlaceOrderDto, Quotation } from 'nestjs-lalamove';
import type { DeliveryCalls } from '../../src/deliveries/application/account-services.js';

/** A call that is under way until it is told how it ends. */
export class HeldCall {
  /** Fulfilled once it is under way. */
  readonly begun: Promise<void>;
  readonly #ended: Promise<void>;
  #begin: () => void = () => undefined;
  #answer: () => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;

  constructor() {
    this.begun = new Promise((resolve) => (this.#begin = resolve));
    this.#ended = new Promise((resolve, reject) => {
      this.#answer = resolve;
      this.#fail = reject;
    });
    // It may be left to hang, or told how it ends before it begins.
    this.#ended.catch(() => undefined);
  }

  /** @throws what it fails with */
  async pass(): Promise<void> {
    this.#begin();
    await this.#ended;
  }

  /** It ends well, or with an error. */
  end(error?: unknown): void {
    if (error === undefined) this.#answer();
    else this.#fail(error);
  }
}

/** Lalamove as the work on deliveries sees it: every call goes well, but what a test says otherwise. */
export class ScriptedLalamove implements DeliveryCalls {
  /** The calls in their order, each with the order that it is about: `getOrder 1001`. */
  readonly called: string[] = [];
  /** What was posted; the first of them is order `1001`. */
  readonly posted: { input: PlaceOrderDto; requestId: string | undefined; signal: AbortSignal | undefined }[] = [];
  /** What answers say of each order. */
  shows: Partial<Order> = {};
  /** What quotations say. */
  quotes: Partial<Quotation> = {};
  readonly #held = new Map<keyof DeliveryCalls, HeldCall>();
  readonly #failures = new Map<keyof DeliveryCalls, unknown>();
  #quotations = 0;

  /** The next call of a name hangs. */
  hold(name: keyof DeliveryCalls): HeldCall {
    const call = new HeldCall();
    this.#held.set(name, call);
    return call;
  }

  /** Calls of a name fail from now on. */
  fail(name: keyof DeliveryCalls, error: unknown): void {
    this.#failures.set(name, error);
  }

  async createQuotation(): Promise<Quotation> {
    await this.#pass('createQuotation');
    this.#quotations += 1;
    return {
      quotationId: `quotation ${this.#quotations}`,
      scheduleAt: '',
      expiresAt: '',
      serviceType: 'MOTORCYCLE',
      language: 'EN_HK',
      stops: [stopNamed('pick-up'), stopNamed('drop-off')],
      isRouteOptimized: false,
      priceBreakdown: { total: '78', currency: 'HKD' },
      ...this.quotes,
    };
  }

  async placeOrder(input: PlaceOrderDto, options: { requestId?: string; signal?: AbortSignal } = {}): Promise<Order> {
    const orderId = `${1001 + this.posted.length}`;
    this.posted.push({ input, requestId: options.requestId, signal: options.signal });
    await this.#pass('placeOrder');
    return this.#order(orderId);
  }

  async getOrder(orderId: string): Promise<Order> {
    await this.#pass('getOrder', orderId);
    return this.#order(orderId);
  }

  async cancelOrder(orderId: string): Promise<void> {
    await this.#pass('cancelOrder', orderId);
  }

  async addPriorityFee(orderId: string): Promise<Order> {
    await this.#pass('addPriorityFee', orderId);
    return this.#order(orderId);
  }

  async changeDriver(orderId: string): Promise<void> {
    await this.#pass('changeDriver', orderId);
  }

  async #pass(name: keyof DeliveryCalls, ...about: string[]): Promise<void> {
    this.called.push([name, ...about].join(' '));
    const held = this.#held.get(name);
    this.#held.delete(name);
    if (held) await held.pass();
    else if (this.#failures.has(name)) throw this.#failures.get(name);
  }

  #order(orderId: string): Order {
    return {
      orderId,
      quotationId: '',
      priceBreakdown: { total: '78', currency: 'HKD' },
      driverId: '',
      shareLink: `https://share.example/${orderId}`,
      status: 'ASSIGNING_DRIVER',
      stops: [],
      ...this.shows,
    };
  }
}

function stopNamed(stopId: string): Quotation['stops'][number] {
  return { stopId, coordinates: { lat: '22.3', lng: '114.1' }, address: stopId };
}
