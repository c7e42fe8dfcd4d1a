import type { Order, Quotation } from 'nestjs-lalamove';
import { orderOf, QUOTATION } from '../support/inputs.js';
import { FrozenScene } from './frozen-scene.js';
import { MARKETS } from './market-inputs.js';

/** The local checks are off, so that the sandbox refuses the request. */
export const UNCHECKED = { validate: false };

export const route = (stops: readonly object[]): object => ({ stops });

/** A stop of a quotation has no name and no phone. */
const bare = (stop: object = {}): object =>
  Object.fromEntries(Object.entries(stop).filter(([name]) => ['coordinates', 'address'].includes(name)));

/** A frozen sandbox in which a test quotes and places orders. */
export class BookingScene extends FrozenScene {
  quote({
    stops = QUOTATION.stops,
    ...more
  }: { stops?: readonly (object | undefined)[]; scheduleAt?: string } = {}): Promise<Quotation> {
    return this.lalamove.createQuotation({ ...QUOTATION, ...more, ...route(stops.map(bare)) });
  }

  place(quotation: Quotation, more: object = {}, market = 'HK'): Promise<Order> {
    return this.lalamove.placeOrder({ ...orderOf(quotation), ...more }, { ...UNCHECKED, market });
  }

  async fill(amount: string, market = 'HK'): Promise<void> {
    await this.sandbox.control.setBalance({ market }, amount);
  }

  /** Requests a quotation in a market and places its order with these phones. */
  async placeIn(market: string, phones: { sender?: string; recipient?: string } = {}): Promise<Order> {
    const { language = '', serviceType = '', phone = '' } = MARKETS[market] ?? {};
    const stops = [{ address: 'First street' }, { address: 'Second street' }];
    const quotation = await this.lalamove.createQuotation({ language, serviceType, stops }, { market });
    const { sender, recipients } = orderOf(quotation);
    const people = {
      sender: { ...sender, phone: phones.sender ?? phone },
      recipients: recipients.map((person) => ({ ...person, phone: phones.recipient ?? phone })),
    };
    return this.place(quotation, people, market);
  }
}
