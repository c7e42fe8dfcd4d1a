import { expect } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { OnDelivery, type Delivery, type DeliveryEvent, type GivenPolicy } from 'nestjs-lalamove/deliveries';
import { DeliveriesHost, type DeliveriesHostOptions } from './deliveries-host.js';
import { bookingOf } from '../support/sample-booking.js';

/** A fault that loses every webhook. */
export const ALL_WEBHOOKS_LOST = { webhook: 'lost', times: 'always' } as const;

/** A handler that stores every delivery event in the order of its calls. */
@Injectable()
export class Journal {
  readonly events: DeliveryEvent[] = [];

  @OnDelivery('*')
  on(event: DeliveryEvent): void {
    this.events.push(event);
  }
}

/** A host with a journal. On `stop` it checks that no delivery has two live orders. */
export class JournaledHost {
  private constructor(readonly host: DeliveriesHost) {}

  static async start({ more = {}, ...options }: DeliveriesHostOptions = {}): Promise<JournaledHost> {
    const providers = [...(more.providers ?? []), Journal];
    return new JournaledHost(await DeliveriesHost.start({ ...options, more: { ...more, providers } }));
  }

  /** Starts a host whose deliveries have this policy. */
  static withPolicy(policy: GivenPolicy, options: DeliveriesHostOptions = {}): Promise<JournaledHost> {
    return JournaledHost.start({ ...options, deliveries: { policy, sweepSeconds: 300, ...options.deliveries } });
  }

  get sandbox(): DeliveriesHost['sandbox'] {
    return this.host.sandbox;
  }

  get deliveries(): DeliveriesHost['deliveries'] {
    return this.host.deliveries;
  }

  /** The types of a delivery's events, in the order in which handlers were called. */
  eventTypes(reference = 'A-1'): string[] {
    return this.events(reference).map(({ type }) => type);
  }

  events(reference = 'A-1'): DeliveryEvent[] {
    return this.host.app.get(Journal).events.filter((event) => event.reference === reference);
  }

  /** Books a delivery, and waits until everything that is due now is done. */
  async book(reference = 'A-1', more: Parameters<typeof bookingOf>[1] = {}): Promise<Delivery> {
    await this.deliveries.book(bookingOf(reference, more));
    return this.after(0, reference);
  }

  /** Advances the clock and returns the delivery. */
  async after(duration: Parameters<DeliveriesHost['clock']['advance']>[0], reference = 'A-1'): Promise<Delivery> {
    await this.host.clock.advance(duration);
    return this.deliveries.get(reference);
  }

  /** The id of a delivery's order. @throws TypeError if it has none */
  async orderId(reference = 'A-1'): Promise<string> {
    const { orderId } = await this.deliveries.get(reference);
    if (orderId === undefined) throw new TypeError(`The delivery ${reference} has no order.`);
    return orderId;
  }

  /** The number of requests of an operation that the sandbox has received. */
  calls(operation: string): number {
    return this.sandbox.requests.filter((request) => request.operation === operation).length;
  }

  /** The ids of a delivery's orders, from the sandbox's ledger. */
  orders(reference = 'A-1'): string[] {
    return [...this.sandbox.ledgerFor({ reference }).orderIds];
  }

  /**
   * Stops the host. Fails if a delivery has two live orders, or if an event was dispatched twice or out of order.
   */
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
    // A reference is unique within an account.
    const keyOf = ({ account = '', reference }: DeliveryEvent): string => `${account} ${reference}`;
    for (const key of new Set(events.map(keyOf))) {
      const ids = events.flatMap((event) => (keyOf(event) === key ? [event.id] : []));
      expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
    }
  }
}
