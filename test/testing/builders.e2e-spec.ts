import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { LALAMOVE_EVENT_TYPES, LalamoveService, readLalamoveEvent, UnknownLalamoveEvent } from 'nestjs-lalamove';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import {
  buildCity,
  buildDriver,
  buildEvent,
  buildOrder,
  buildQuotation,
  LalamoveTestingModule,
} from 'nestjs-lalamove/testing';
import { orderOf, QUOTATION } from '../support/inputs.js';
import { factsOf, samplesOf, sandboxEvents } from '../webhooks/event-samples.js';

describe('built answers', () => {
  it('have the members of the answers of the sandbox', async () => {
    const module = await Test.createTestingModule({ imports: [LalamoveTestingModule.forRoot()] }).compile();
    const lalamove = module.get(LalamoveService);
    const quotation = await lalamove.createQuotation(QUOTATION);
    const { orderId } = await lalamove.placeOrder(orderOf(quotation));
    const order = module.get(LalamoveSandbox).moveOrder(orderId, 'ON_GOING');
    const driver = await lalamove.getDriver(orderId, order.driverId);
    const [city = buildCity({ name: 'none' })] = await lalamove.getCities();
    expect(membersOf(buildQuotation())).toEqual(membersOf(quotation));
    expect(membersOf(buildQuotation().stops[0])).toEqual(membersOf(quotation.stops[0]));
    const known = membersOf(order);
    expect(membersOf(buildOrder()).filter((name) => !known.includes(name))).toEqual([]);
    expect(membersOf(buildDriver())).toEqual(membersOf(driver));
    expect(membersOf(buildCity())).toEqual(membersOf(city));
    await module.close();
  });

  it('take members, and parts of the price, and are new each time', () => {
    expect(buildOrder({ orderId: '1', priceBreakdown: { total: '50' } })).toMatchObject({
      orderId: '1',
      priceBreakdown: { total: '50', currency: 'HKD' },
    });
    expect(buildQuotation({ priceBreakdown: { total: '50' } }).priceBreakdown.base).toBe('45');
    expect(buildOrder().stops[0]).not.toBe(buildOrder().stops[0]);
  });

  it('have a driver if the status has one', () => {
    const driverOf = (status: string): string => buildOrder({ status }).driverId;
    expect(['ASSIGNING_DRIVER', 'ON_GOING', 'CANCELED'].map(driverOf)).toEqual(['', buildDriver().driverId, '']);
    expect(buildOrder({ status: 'ON_GOING', driverId: '5' }).driverId).toBe('5');
  });
});

describe('built events', () => {
  it('have the members of the events of the sandbox', async () => {
    for (const [type, data] of samplesOf(await sandboxEvents('every-event'))) {
      const sample = readLalamoveEvent(factsOf(type, data));
      const built = buildEvent(type);
      expect(built.constructor).toBe(sample.constructor);
      const missing = Object.entries(built).filter(
        ([name, value]) =>
          value === undefined && !['account', 'metadata', 'cancelParty', 'cancelReason'].includes(name),
      );
      expect([type, missing]).toEqual([type, []]);
    }
  });

  it.each(LALAMOVE_EVENT_TYPES)('can be %s', (type) => {
    expect(buildEvent(type).eventType).toBe(type);
    expect(Object.isFrozen(buildEvent(type))).toBe(true);
  });

  it('take the members of the event', () => {
    const event = buildEvent('ORDER_STATUS_CHANGED', {
      orderId: '7',
      status: 'CANCELED',
      previousStatus: 'ON_GOING',
      cancelParty: 'LALAMOVE_CUSTOMER_SUPPORT',
      metadata: { reference: 'A-1' },
      occurredAt: '2026-12-01T08:00:00.000Z',
      account: 'thailand',
      eventId: 'E',
    });
    expect(event).toMatchObject({
      orderId: '7',
      status: 'CANCELED',
      previousStatus: 'ON_GOING',
      cancelParty: 'LALAMOVE_CUSTOMER_SUPPORT',
      metadata: { reference: 'A-1' },
      occurredAt: '2026-12-01T08:00:00.000Z',
      account: 'thailand',
      eventId: 'E',
    });
    expect(buildEvent('ORDER_REPLACED', { prevOrderId: '3' }).prevOrderId).toBe('3');
    expect(buildEvent('ORDER_EDITED', { previousStops: [{ address: 'A' }] }).previousStops).toEqual([{ address: 'A' }]);
    expect(buildEvent('WALLET_BALANCE_CHANGED', { balance: { currency: 'THB', amount: '5' } }).balance.amount).toBe(
      '5',
    );
  });

  it('can be of a type that is not known yet', () => {
    const event = buildEvent('UNKNOWN', { sentEventType: 'DRIVER_LATE', raw: { minutes: 5 } });
    expect(event).toBeInstanceOf(UnknownLalamoveEvent);
    expect(event).toMatchObject({ sentEventType: 'DRIVER_LATE', raw: { minutes: 5 } });
  });
});

function membersOf(value: object): string[] {
  return Object.keys(value).sort();
}
