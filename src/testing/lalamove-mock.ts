import { LalamoveHttpService } from '../client/transport/lalamove-http.service.js';
import { LalamoveService } from '../lalamove.service.js';
import { buildCity } from './builders/build-city.js';
import { buildDriver } from './builders/build-driver.js';
import { buildOrder } from './builders/build-order.js';
import { buildQuotation } from './builders/build-quotation.js';

/** The methods of `LalamoveService`. */
export type LalamoveMethod = Exclude<keyof LalamoveService, symbol>;

/** Functions that stand for methods of `LalamoveService`. */
export type LalamoveStubs = { [Method in LalamoveMethod]?: LalamoveService[Method] };

/** A call that a {@link LalamoveMock} has recorded. */
export type LalamoveMockCall = {
  [Method in LalamoveMethod]: { readonly method: Method; readonly args: Parameters<LalamoveService[Method]> };
}[LalamoveMethod];

/** All methods, as an object so that the compiler asks for a new one. */
const METHODS: Readonly<Record<LalamoveMethod, true>> = {
  createQuotation: true,
  getQuotation: true,
  placeOrder: true,
  getOrder: true,
  editOrder: true,
  cancelOrder: true,
  addPriorityFee: true,
  getDriver: true,
  changeDriver: true,
  getCities: true,
  setWebhookUrl: true,
  forAccount: true,
};

/** Answers to the calls that only read: of the built order, quotation, driver and city. */
export const builtReads: LalamoveStubs = {
  getQuotation: (quotationId) => Promise.resolve(buildQuotation({ quotationId })),
  getOrder: (orderId) => Promise.resolve(buildOrder({ orderId })),
  getDriver: (_, driverId) => Promise.resolve(buildDriver({ driverId })),
  getCities: () => Promise.resolve([buildCity()]),
};

/** A double of `LalamoveService`, made by {@link createLalamoveMock}. It sends nothing. */
export class LalamoveMock extends LalamoveService {
  readonly #calls: LalamoveMockCall[] = [];

  constructor(stubs: LalamoveStubs) {
    const keys = { apiKey: 'pk_test_mock', apiSecret: 'sk_test_mock', market: 'HK' };
    super(new LalamoveHttpService(), { ...keys, rateLimit: false });
    for (const method of Object.keys(METHODS)) if (isMethod(method)) this.#define(method, stubs[method]);
  }

  /** All calls so far, oldest first: also those of replaced methods. */
  get calls(): readonly LalamoveMockCall[] {
    return this.#calls;
  }

  /** The arguments of each call of a method so far. */
  callsOf<Method extends LalamoveMethod>(method: Method): Parameters<LalamoveService[Method]>[] {
    return this.#calls.flatMap((call) => (isCallOf(call, method) ? [call.args] : []));
  }

  /** Forgets the calls so far. */
  clearCalls(): void {
    this.#calls.length = 0;
  }

  /** A property that records whatever function it holds: one of ours, or one that the test has assigned. */
  #define(method: LalamoveMethod, stub: unknown): void {
    let recorded = this.#recorded(method, stub ?? this.#unstubbed(method));
    Object.defineProperty(this, method, {
      configurable: true,
      enumerable: true,
      get: () => recorded,
      set: (replacement: unknown) => {
        recorded = this.#recorded(method, replacement);
      },
    });
  }

  /** The function itself in all but its calls, so that `expect` recognizes a `jest.fn()` and a `vi.fn()`. */
  #recorded(method: LalamoveMethod, replacement: unknown): unknown {
    if (typeof replacement !== 'function') return replacement;
    return new Proxy(replacement, {
      apply: (target, self, args: unknown[]): unknown => {
        const call = { method, args };
        if (isCall(call)) this.#calls.push(call);
        return Reflect.apply(target, self, args);
      },
    });
  }

  #unstubbed(method: LalamoveMethod): () => unknown {
    // A call of another account's service is recorded here too.
    if (method === 'forAccount') return () => this;
    return () =>
      Promise.reject(
        new Error(
          `LalamoveService.${method}() was called, and this mock has no answer for it: ` +
            `createLalamoveMock({ ${method}: async () => … }), or assign mock.${method}.`,
        ),
      );
  }
}

/**
 * A double of `LalamoveService` for tests of a class that calls it. Each method can be given, assigned later, or spied
 * on, by plain functions, `jest.fn()` or `vi.fn()`. A method that is called without an answer rejects with an `Error`
 * that says so. `forAccount` returns the same mock.
 *
 * @param stubs the methods that answer; {@link builtReads} has all that read
 *
 * @example
 * const lalamove = createLalamoveMock({ ...builtReads, placeOrder: async () => buildOrder() });
 * await new OrdersController(lalamove).order(order);
 * expect(lalamove.callsOf('placeOrder')).toEqual([[order]]);
 */
export function createLalamoveMock(stubs: LalamoveStubs = {}): LalamoveMock {
  const unknown = Object.keys(stubs).filter((name) => !isMethod(name));
  if (unknown.length === 0) return new LalamoveMock(stubs);
  throw new TypeError(`LalamoveService has no method ${unknown.join(', ')}: correct the name.`);
}

function isMethod(name: string): name is LalamoveMethod {
  return Object.hasOwn(METHODS, name);
}

function isCallOf<Method extends LalamoveMethod>(
  call: LalamoveMockCall,
  method: Method,
): call is LalamoveMockCall & { readonly args: Parameters<LalamoveService[Method]> } {
  return call.method === method;
}

/** The arguments have the types of the method, because its callers were compiled against it. */
function isCall(call: { readonly method: LalamoveMethod; readonly args: unknown }): call is LalamoveMockCall {
  return Array.isArray(call.args);
}
