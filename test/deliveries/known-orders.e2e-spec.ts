import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LalamoveService } from 'nestjs-lalamove';
import { DeliveryConflictException } from 'nestjs-lalamove/deliveries';
import { LalamoveSandbox, SandboxClock } from 'nestjs-lalamove/sandbox';
import { JournaledHost } from './journaled-host.js';
import { bookingOf } from '../support/sample-booking.js';

const START = Date.parse('2026-12-01T08:00:00Z');
const IN_NEED = { state: 'needs_attention', reason: { code: 'ORDER_ALREADY_KNOWN' } };

let host: JournaledHost;

/** Makes Lalamove answer the next POST with an order that is already known. */
function answerWith(orderId: string): void {
  const body = JSON.stringify({ data: { orderId, status: 'ASSIGNING_DRIVER', driverId: '', shareLink: '' } });
  host.sandbox.respondNext({ status: 201, body }, { operation: 'placeOrder' });
}

/** Books a second delivery, for which Lalamove returns the order of the first one. */
async function bookedWithKnown(orderId: string): Promise<void> {
  answerWith(orderId);
  expect(await host.book('A-2')).toMatchObject({ ...IN_NEED, orderId: undefined, attempts: 1 });
}

describe('a returned order that belongs to another delivery', () => {
  afterEach(() => host.stop());

  it('stays with that delivery, and the new delivery needs attention with a reason in its timeline', async () => {
    host = await JournaledHost.start();
    await host.book();
    const orderId = await host.orderId();
    await bookedWithKnown(orderId);
    expect(host.eventTypes('A-2')).toEqual(['requested', 'quoted', 'needs_attention']);
    const lines = await host.deliveries.timeline('A-2');
    expect(lines.at(-1)).toMatchObject({
      source: 'delivery',
      event: { type: 'needs_attention', reason: { code: 'ORDER_ALREADY_KNOWN' } },
    });
    expect((await host.deliveries.get('A-2')).reason?.message).toContain(orderId);
    await host.after('1h', 'A-2');
    // It is reported once, and nothing is posted on a guess.
    expect(host.eventTypes('A-2')).toEqual(['requested', 'quoted', 'needs_attention']);
    expect(host.calls('placeOrder')).toBe(2);
  });

  it('is tracked for that delivery until its end', async () => {
    host = await JournaledHost.start();
    await host.book();
    const orderId = await host.orderId();
    await bookedWithKnown(orderId);
    for (const step of ['accept', 'pick-up', 'complete'] as const) {
      host.sandbox.drive(orderId, { do: step });
      await host.after('1m');
    }
    expect(await host.deliveries.get('A-1')).toMatchObject({ state: 'completed', orderId });
    expect(host.eventTypes().slice(2)).toEqual(['booked', 'driver_assigned', 'on_going', 'picked_up', 'completed']);
    expect(await host.deliveries.get('A-2')).toMatchObject(IN_NEED);
    expect(host.eventTypes('A-2')).toEqual(['requested', 'quoted', 'needs_attention']);
  });

  it('stays with that delivery if a person has named it there, after a read', async () => {
    host = await JournaledHost.start({ deliveries: { policy: { unknownOutcome: { waitMinutes: 0 } } } });
    host.sandbox.addFault({ webhook: 'lost', times: 'always' });
    host.sandbox.addFault({ call: 'placeOrder', work: 'done', answer: 'reset' });
    await host.book();
    expect(await host.after('6m')).toMatchObject({ reason: { code: 'OUTCOME_UNKNOWN' } });
    const [orderId = ''] = host.orders();
    await host.deliveries.resolve('A-1', { orderId });
    await bookedWithKnown(orderId);
    expect(await host.deliveries.get('A-1')).toMatchObject({ state: 'assigning', orderId });
  });

  it('stays with that delivery if a read of an unmatched webhook’s order has found it', async () => {
    host = await JournaledHost.start({ sandbox: { unknowns: { metadata: 'order-only' } } });
    host.sandbox.addFault({ call: 'placeOrder', work: 'done', answer: 'reset' });
    await host.book();
    expect(await host.after('1m')).toMatchObject({ state: 'assigning' });
    expect(host.calls('getOrder')).toBeGreaterThan(0);
    await bookedWithKnown(await host.orderId());
  });

  describe('can be resolved', () => {
    let orderId: string;

    beforeEach(async () => {
      host = await JournaledHost.start();
      await host.book();
      orderId = await host.orderId();
      await bookedWithKnown(orderId);
    });

    it('by booking another order', async () => {
      await host.deliveries.resolve('A-2', { rebook: true });
      const later = await host.after('1m', 'A-2');
      expect(later).toMatchObject({ state: 'assigning', attempts: 2, reason: undefined });
      expect(later.orderId).not.toBe(orderId);
    });

    it('by cancelling the delivery', async () => {
      await host.deliveries.resolve('A-2', { cancel: true });
      expect(await host.after('1m', 'A-2')).toMatchObject({ state: 'canceled' });
      expect(await host.deliveries.get('A-1')).toMatchObject({ state: 'assigning', orderId });
    });

    it('by the order that a person has found, but not by an order of another delivery', async () => {
      await expect(host.deliveries.resolve('A-2', { orderId })).rejects.toBeInstanceOf(DeliveryConflictException);
      expect(await host.deliveries.get('A-2')).toMatchObject(IN_NEED);
      await host.book('A-3');
      await host.deliveries.cancel('A-3');
      const found = await placedElsewhere();
      await host.deliveries.resolve('A-2', { orderId: found });
      expect(await host.after('1m', 'A-2')).toMatchObject({ state: 'assigning', orderId: found, reason: undefined });
    });

    it('but not by cancel(), because its order may still exist', async () => {
      await host.deliveries.cancel('A-2');
      expect(await host.after('1h', 'A-2')).toMatchObject(IN_NEED);
    });
  });

  /** Places an order without the package. */
  async function placedElsewhere(): Promise<string> {
    const { app } = host.host;
    const lalamove = app.get(LalamoveService);
    const { quotation, sender, recipients } = bookingOf('by hand');
    const { quotationId, stops } = await lalamove.createQuotation(quotation);
    const [from, to] = stops;
    const [recipient] = recipients;
    if (!recipient) throw new TypeError('There must be a recipient.');
    const order = await lalamove.placeOrder({
      quotationId,
      sender: { ...sender, stopId: from.stopId },
      recipients: [{ ...recipient, stopId: to.stopId }],
    });
    return order.orderId;
  }
});

describe('an order that is returned again for another attempt of its own delivery', () => {
  afterEach(() => host.stop());

  it('can be resolved by its id', async () => {
    host = await JournaledHost.start({
      deliveries: { policy: { unknownOutcome: { waitMinutes: 0, then: 'rebook' } } },
    });
    await host.book();
    const orderId = await host.orderId();
    host.sandbox.moveOrder(orderId, 'EXPIRED');
    answerWith(orderId);
    expect(await host.after('1m')).toMatchObject({ ...IN_NEED, attempts: 2 });
    await host.deliveries.resolve('A-1', { rebook: true });
    expect(await host.after('1m')).toMatchObject({ state: 'assigning', attempts: 3 });
  });
});

describe('a replacing order that belongs to another delivery', () => {
  afterEach(() => host.stop());

  it('stays with that delivery', async () => {
    host = await JournaledHost.start();
    await host.book();
    await host.book('A-2');
    const [first, second] = [await host.orderId(), await host.orderId('A-2')];
    host.sandbox.moveOrder(first, 'CANCELED');
    await host.after('1m');
    const { apiKey, control } = host.sandbox;
    const data = { order: { orderId: second }, prevOrderId: first };
    await control.sendEvent({ apiKey, market: 'HK' }, 'ORDER_REPLACED', data);
    expect(await host.after('1m')).toMatchObject(IN_NEED);
    expect(await host.deliveries.get('A-2')).toMatchObject({ state: 'assigning', orderId: second });
  });
});

describe('a new sandbox with an old database', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'deliveries-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** Starts a sandbox and books one delivery. */
  async function day(reference: string, startAt: number, seed?: number): Promise<JournaledHost> {
    const clock = new SandboxClock({ speed: 0, startAt });
    host = await JournaledHost.start({
      sandbox: { clock, ...(seed !== undefined && { seed }) },
      deliveries: { database: { file: join(folder, 'deliveries.db') } },
    });
    await host.book(reference);
    return host;
  }

  it('has new ids, so that each delivery has its own order', async () => {
    const orders = new Set<string>();
    for (const [index, reference] of ['A-1', 'A-2', 'A-3'].entries()) {
      await day(reference, START + index * 86_400_000);
      orders.add(await host.orderId(reference));
      await host.stop();
    }
    expect(orders.size).toBe(3);
    for (const orderId of orders) expect(orderId).toMatch(/^\d{19}$/);
  });

  it('repeats ids with a seed, so that the second delivery needs attention and the first is unchanged', async () => {
    await day('A-1', START, 7);
    const orderId = await host.orderId('A-1');
    host.sandbox.drive(orderId, { do: 'accept' });
    host.sandbox.drive(orderId, { do: 'pick-up' });
    host.sandbox.drive(orderId, { do: 'complete' });
    expect(await host.after('1m')).toMatchObject({ state: 'completed' });
    await host.stop();
    await day('A-2', START + 86_400_000, 7);
    expect(host.sandbox.orders.map((order) => order.orderId)).toEqual([orderId]);
    expect(await host.after('1h', 'A-2')).toMatchObject(IN_NEED);
    expect(await host.deliveries.get('A-1')).toMatchObject({ state: 'completed', orderId });
    await host.stop();
  });
});

describe('sandboxes without a seed', () => {
  it('have different ids, and report the seed that reproduces them', async () => {
    const first = await LalamoveSandbox.start();
    const second = await LalamoveSandbox.start();
    const { seed } = await first.control.info();
    expect(seed).not.toBe((await second.control.info()).seed);
    await Promise.all([first.stop(), second.stop()]);
  });
});
