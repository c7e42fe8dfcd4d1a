import type { Order, PlaceOrderDto, Quotation } from 'nestjs-lalamove';
import type { DeliveryCalls } from '../../src/deliveries/application/account-services.js';

/** A call that stays pending until the test ends it. */
export class HeldCall {
  /** Resolves when the call has started. */
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
    // A test may never end the call, or end it before it starts.
    this.#ended.catch(() => undefined);
  }

  /** Starts the call and waits for its end. @throws the error that `end` was called with */
  async pass(): Promise<void> {
    this.#begin();
    await this.#ended;
  }

  /** Ends the call, with an error if one is given. */
  end(error?: unknown): void {
    if (error === undefined) this.#answer();
    else this.#fail(error);
  }
}

/** A Lalamove for the worker: every call succeeds unless the test says otherwise. */
export class ScriptedLalamove implements DeliveryCalls {
  /** The calls in order, each with its order id: `getOrder 1001`. */
  readonly called: string[] = [];
  /** The posted orders. The first one becomes order `1001`. */
  readonly posted: { input: PlaceOrderDto; requestId: string | undefined; signal: AbortSignal | undefined }[] = [];
  /** The fields of every returned order that differ from the default. */
  shows: Partial<Order> = {};
  /** The fields of every quotation that differ from the default. */
  quotes: Partial<Quotation> = {};
  readonly #held = new Map<keyof DeliveryCalls, HeldCall>();
  readonly #failures = new Map<keyof DeliveryCalls, unknown>();
  #quotations = 0;

  /** Makes the next call of this name hang. */
  hold(name: keyof DeliveryCalls): HeldCall {
    const call = new HeldCall();
    this.#held.set(name, call);
    return call;
  }

  /** Makes all calls of this name fail from now on. */
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
