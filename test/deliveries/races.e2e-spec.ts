import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, Logger } from '@nestjs/common';
import type { LalamoveInboxEntry } from 'nestjs-lalamove';
import { OnDelivery, type DeliveryEvent } from 'nestjs-lalamove/deliveries';
import type { DeliveryTransactions } from '../../src/deliveries/application/delivery-transactions.js';
import { WebhookHandlers } from '../../src/deliveries/application/webhook-handlers.js';
import { DEFAULT_POLICY } from '../../src/deliveries/domain/delivery-policy.js';
import { placed, reserved } from '../../src/deliveries/domain/transitions.js';
import { readAs } from '../../src/deliveries/domain/order-updates.js';
import { DurableInbox } from '../../src/deliveries/application/durable-inbox.js';
import { readLalamoveEvent } from '../../src/webhooks/events/lalamove-event.js';
import { DeliveriesHost } from './deliveries-host.js';
import { bookingOf } from '../support/sample-booking.js';
import { JournaledHost } from './journaled-host.js';
import { deliveriesOn } from './deliveries-on.js';
import { describeSqlite } from '../support/servers.js';
import { openTestedDatabase, type TestedDatabase } from './tested-storage.js';
import { recordNamed } from './delivery-rows.js';
import { factsOf } from '../webhooks/event-samples.js';
import { turn } from '../support/until.js';
import { FIRST_EVENTS } from '../webhooks/webhook-receiver.js';

/** A handler of bookings only. */
@Injectable()
class Doorman {
  readonly references: string[] = [];

  @OnDelivery('requested')
  onRequested({ reference }: DeliveryEvent): void {
    this.references.push(reference);
  }
}

/** The sweeper runs too late for these tests. */
const UNSWEPT = { sweepSeconds: 3600 };

describe('long before the next sweep', () => {
  let stop: () => Promise<void>;

  afterEach(() => stop());

  it('a booking in a transaction of the host is reported after the commit', async () => {
    const host = await DeliveriesHost.start({ deliveries: UNSWEPT, more: { providers: [Doorman] } });
    stop = () => host.stop();
    await host.deliveries.database.transaction().execute(async (trx) => {
      await host.deliveries.book(bookingOf('A-1'), { trx });
    });
    await host.clock.advance('1s');
    expect(await host.deliveries.get('A-1')).toMatchObject({ state: 'assigning' });
    expect(host.app.get(Doorman).references).toEqual(['A-1']);
  });

  it('a delivery goes on if the work on another delivery has identified its order', async () => {
    const host = await JournaledHost.start({
      sandbox: { unknowns: { metadata: 'order-only', orderCreated: 'after-answer' } },
      deliveries: UNSWEPT,
    });
    stop = () => host.stop();
    host.sandbox.addFault({ webhook: 'lost', event: FIRST_EVENTS, times: 2 * FIRST_EVENTS.length });
    host.sandbox.addFault({ call: 'placeOrder', work: 'done', answer: 'reset', times: 2 });
    await host.book('A-1');
    await host.after('1s');
    await host.book('A-2');
    const [orderId = ''] = host.orders('A-2');
    host.sandbox.moveOrder(orderId, 'ON_GOING');
    const { state, dueAt = '' } = await host.after('1s', 'A-2');
    expect(state).toBe('on_going');
    // The order was read already. The next read is a poll.
    expect(Date.parse(dueAt)).toBeGreaterThan(host.host.clock.now());
    expect(host.calls('getOrder')).toBe(2);
  });
});

// A commit of several writes is SQLite's.
describeSqlite('a webhook', () => {
  const START = Date.parse('2026-11-22T08:00:00Z');
  let now: number;
  let database: TestedDatabase;
  let deliveries: DeliveryTransactions;
  let inbox: DurableInbox;
  let errors: string[];
  let emitted: DeliveryEvent[];

  beforeEach(async () => {
    now = START;
    errors = [];
    Logger.overrideLogger({ log: () => undefined, warn: () => undefined, error: (line: string) => errors.push(line) });
    database = await openTestedDatabase(() => now);
    deliveries = deliveriesOn(database, () => now);
    emitted = [];
    deliveries.committed.subscribe(({ event }) => emitted.push(event));
    inbox = new DurableInbox({
      ...{ deliveries, handlers: new WebhookHandlers(), hooks: {}, now: () => now, unmatchedMs: 3_600_000 },
      wake: () => undefined,
      wakeHandlers: () => undefined,
    });
    inbox.start(() => []);
  });

  afterEach(async () => {
    await database.close();
    Logger.overrideLogger(false);
  });

  const ATTEMPT = {
    ...{ id: 'attempt of A', number: 1, quotationId: '1', outcome: 'reserved' as const },
    ...{ quotationExpiresAt: START + 300_000, reservedAt: START },
  };

  /** Creates the delivery. Its order is being posted. */
  async function posted(): Promise<void> {
    await deliveries.transact(async (trx) => {
      const record = recordNamed('A', now);
      await trx.insert(record, []);
      await trx.storage.reserveAttempt(record, ATTEMPT, { total: '50', currency: 'HKD' });
      await trx.change(record.id, (snapshot) => reserved(snapshot, ATTEMPT));
    });
  }

  /** Stores the answer to the POST. */
  function answered(orderId: string): Promise<unknown> {
    return deliveries.change('id of A', (snapshot) => placed(snapshot, ATTEMPT.id, { orderId, total: '50' }, now));
  }

  function entryOf(eventType: string, order: object, signedAt: number): LalamoveInboxEntry {
    const data = { order, updatedAt: '2026-11-22T08:00.00Z' };
    const fingerprint = JSON.stringify([eventType, order, signedAt]);
    const facts = factsOf(eventType, data, { fingerprint, signedAt, receivedAt: now });
    return { keys: [fingerprint], facts, event: readLalamoveEvent(facts) };
  }

  function status(orderId: string, to: string): LalamoveInboxEntry {
    const order = { orderId, status: to, previousStatus: 'ASSIGNING_DRIVER', driverId: '80557' };
    return entryOf('ORDER_STATUS_CHANGED', order, now);
  }

  /** @param after ms from the start to the signature of the webhook */
  function price(
    orderId: string,
    total: string,
    after: number,
    metadata: object = { deliveryAttempt: ATTEMPT.id },
  ): LalamoveInboxEntry {
    const sum = { totalPrice: total, subtotal: total, priorityFee: '0', currency: 'HKD' };
    return entryOf('ORDER_AMOUNT_CHANGED', { orderId, metadata, price: sum }, START + after);
  }

  function pricesTold(): string[] {
    return emitted.flatMap((event) => (event.type === 'price_changed' ? [event.total] : []));
  }

  it('and a read in the same commit are emitted in the order of their events', async () => {
    await posted();
    await answered('111');
    emitted = [];
    now += 3_600_000;
    const reading = { orderId: '111', status: 'COMPLETED', driverId: '80557', total: '50', priorityFee: '' };
    const read = { ...reading, currency: 'HKD', shareLink: '' };
    await Promise.all([
      inbox.accept(status('111', 'PICKED_UP')),
      deliveries.change('id of A', (snapshot) => readAs(snapshot, read, 0, DEFAULT_POLICY, now)),
    ]);
    await inbox.idle();
    // A watcher ends after the last event.
    expect(emitted.map(({ type }) => type)).toEqual(['driver_assigned', 'picked_up', 'completed']);
    expect(emitted.map(({ id }) => id)).toEqual(emitted.map(({ id }) => id).sort((a, b) => a - b));
  });

  it('that makes a replacing order the live one is applied once, with the webhooks that waited for it', async () => {
    await posted();
    await answered('111');
    await inbox.accept(price('222', '80', 2000));
    await inbox.accept(status('111', 'CANCELED'));
    // This is the earlier one of the two webhooks about the replacing order.
    await inbox.accept(price('222', '70', 1000));
    expect(await deliveries.storage.find('', 'A')).toMatchObject({
      progress: { order: { orderId: '222', total: '80' } },
    });
    expect(pricesTold()).toEqual(['70', '80']);
  });

  it('is applied once if the sweeper finds it at the same time', async () => {
    await posted();
    await inbox.accept(price('111', '80', 2000, {}));
    await inbox.accept(price('111', '70', 1000, {}));
    const sweep = inbox.sweep();
    // In the next turn of the event loop the sweeper has looked them up.
    await turn();
    await Promise.all([answered('111'), sweep]);
    expect(await deliveries.storage.find('', 'A')).toMatchObject({
      progress: { order: { orderId: '111', total: '80' } },
    });
    expect(pricesTold()).toEqual(['70', '80']);
  });

  it('that this version cannot read does not keep its order from being identified', async () => {
    await posted();
    await inbox.accept(status('111', 'ON_GOING'));
    now += 1000;
    await inbox.accept(status('111', 'PICKED_UP'));
    await database.db.updateTable('delivery_events').set({ payload: '{}' }).where('received_at', '=', START).execute();
    await answered('111');
    expect(await deliveries.storage.find('', 'A')).toMatchObject({
      state: 'picked_up',
      progress: { order: { orderId: '111' } },
    });
    await inbox.sweep();
    expect(errors).toEqual([expect.stringContaining('A row cannot be read')]);
  });
});
