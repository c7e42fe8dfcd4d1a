import { expect } from '@jest/globals';
import type { CreateQuotationDto, LalamoveService, Order, PlaceOrderDto } from 'nestjs-lalamove';
import { LalamoveSandbox, SandboxClock, type LalamoveSandboxOptions, type SandboxOrder } from 'nestjs-lalamove/sandbox';
import { accountOn } from '../support/account.js';
import { orderOf } from '../support/inputs.js';
import { startLalamove } from '../support/lalamove.js';
import { SECOND, START, TWO_DROPS, type Moment } from './order-inputs.js';

/** A sandbox on a clock that stands still, a client, and what a test asks about the lives of its orders. */
export class OrderScene {
  #closers: (() => Promise<void>)[] = [];
  #sandbox: LalamoveSandbox | undefined;
  #lalamove: LalamoveService | undefined;

  /** Starts both. A scene that is opened again has the new ones, and closes all. */
  async open(options: LalamoveSandboxOptions = {}, market = 'HK'): Promise<void> {
    const clock = new SandboxClock({ speed: 0, startAt: START });
    const sandbox = await LalamoveSandbox.start({ clock, rateLimits: false, ...options });
    this.closeLater(() => sandbox.stop());
    const client = await startLalamove(accountOn(sandbox, { market }));
    this.closeLater(client.close);
    [this.#sandbox, this.#lalamove] = [sandbox, client.lalamove];
  }

  closeLater(close: () => Promise<void>): void {
    this.#closers.push(close);
  }

  async close(): Promise<void> {
    for (const close of this.#closers.reverse()) await close();
    this.#closers = [];
  }

  get sandbox(): LalamoveSandbox {
    if (!this.#sandbox) throw new Error('Open the scene first.');
    return this.#sandbox;
  }

  get lalamove(): LalamoveService {
    if (!this.#lalamove) throw new Error('Open the scene first.');
    return this.#lalamove;
  }

  async place(route: CreateQuotationDto = TWO_DROPS, more: Partial<PlaceOrderDto> = {}): Promise<Order> {
    const order = orderOf(await this.lalamove.createQuotation(route));
    return this.lalamove.placeOrder({ ...order, isPODEnabled: true, ...more });
  }

  /** The statuses of each order with their times, by order id, without the first `ASSIGNING_DRIVER` that all have. */
  async courses(): Promise<Map<string, Moment[]>> {
    const found = new Map(this.sandbox.orders.map(({ orderId }): [string, Moment[]] => [orderId, []]));
    for (const entry of await this.sandbox.control.log()) {
      if (entry.kind !== 'event' || entry.type !== 'ORDER_STATUS_CHANGED') continue;
      found.get(entry.orderId ?? '')?.push([entry.now ?? '', (Date.parse(entry.at) - Date.parse(START)) / SECOND]);
    }
    for (const moments of found.values()) expect(moments.shift()?.[0]).toBe('ASSIGNING_DRIVER');
    return found;
  }

  async progressOf(orderId: string): Promise<Moment[]> {
    return (await this.courses()).get(orderId) ?? [];
  }

  async statusesOf(orderId: string): Promise<string[]> {
    return (await this.progressOf(orderId)).map(([status]) => status);
  }

  view(orderId: string): Promise<SandboxOrder> {
    return this.sandbox.control.order(orderId);
  }
}

/** The proof of delivery of each drop-off. */
export function proofsOf({ stops }: Order): unknown[] {
  return stops.slice(1).map(({ POD }) => POD?.status);
}
