import { expect } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { OnDelivery, type Delivery, type DeliveryEvent } from 'nestjs-lalamove/deliveries';
import { DeliveriesHost, type DeliveriesHostOptions } from './deliveries-host.js';
import { bookingOf } from '../support/sample-booking.js';

/** Keeps every event of deliveries that handlers are given, in their order. */
@Injectable()
export class Journal {
  readonly events: DeliveryEvent[] = [];

  @OnDelivery('*')
  on(event: DeliveryEvent): void {
    this.events.push(event);
  }
}

/** A host whose handlers keep a journal, and that is held to the promise of one courier. */
export class JournaledHost {
  private constructor(readonly host: DeliveriesHost) {}

  static async start({ more = {}, ...options }: DeliveriesHostOptions = {}): Promise<JournaledHost> {
    const providers = [...(more.providers ?? []), Journal];
    return new JournaledHost(await DeliveriesHost.start({ ...options, more: { ...more, providers } }));
  }

  get sandbox(): DeliveriesHost['sandbox'] {
    return this.host.sandbox;
  }

  get deliveries(): DeliveriesHost['deliveries'] {
    return this.host.deliveries;
  }

  /** What has happened to a delivery, in the order in which handlers were told. */
  told(reference = 'A-1'): string[] {
    return this.events(reference).map(({ type }) => type);
  }

  events(reference = 'A-1'): DeliveryEvent[] {
    return this.host.app.get(Journal).events.filter((event) => event.reference === reference);
  }

  /** Takes a delivery in, and lets all be done that is to be done now. */
  async book(reference = 'A-1', more: Parameters<typeof bookingOf>[1] = {}): Promise<Delivery> {
    await this.deliveries.book(bookingOf(reference, more));
    return this.after(0, reference);
  }

  /** How a delivery stands so much later. */
  async after(duration: Parameters<DeliveriesHost['clock']['advance']>[0], reference = 'A-1'): Promise<Delivery> {
    await this.host.clock.advance(duration);
    return this.deliveries.get(reference);
  }

  /** The live order of a delivery; fails where there is none. */
  async orderId(reference = 'A-1'): Promise<string> {
    const { orderId } = await this.deliveries.get(reference);
    if (orderId === undefined) throw new TypeError(`The delivery ${reference} has no order.`);
    return orderId;
  }

  /** How many requests of a call the sandbox has had. */
  calls(operation: string): number {
    return this.sandbox.requests.filter((request) => request.operation === operation).length;
  }

  /** The orders of a delivery, by the sandbox's books. */
  orders(reference = 'A-1'): string[] {
    return [...this.sandbox.ledgerFor({ reference }).orderIds];
  }

  /** Ends the host; fails where a delivery has two live orders, or an event was handed over twice, or out of its order. */
  async stop(): Promise<void> {
    const { sandbox, app } = this.host;
    const { events } = app.get(Journal);
    const attempts = await this.deliveries.database.selectFrom('delivery_attempts').selectAll().execute();
    const live = new Set(sandbox.ledger.total.live);
    const owners = attempts.flatMap(({ delivery_id: id, order_id: order }) => (live.has(order ?? '') ? [id] : []));
    const lines = Object.entries(sandbox.ledger.byMetadata.reference ?? {});
    const accounts = new Set(attempts.map(({ account }) => account)).size;
    await this.host.stop();
    // A reference is unique within an account.
    if (accounts <= 1) expect(lines.filter(([, line]) => line.live.length > 1)).toEqual([]);
    expect(owners).toEqual([...new Set(owners)]);
    for (const reference of new Set(events.map((event) => event.reference))) {
      const ids = events.flatMap((event) => (event.reference === reference ? [event.id] : []));
      expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
    }
  }
}
