import { describe, expect, it } from '@jest/globals';
import { readDriver } from './driver.js';
import { readOrder } from './order.js';
import { readQuotation } from './quotation.js';

describe('repairTimes', () => {
  it.each([
    ['minutes and a constant .00', '2025-09-10T19:21.00Z', '2025-09-10T19:21:00Z'],
    ['two decimals, which is valid', '2022-06-15T18:56:12.00Z', '2022-06-15T18:56:12.00Z'],
    ['whole seconds', '2022-06-15T18:56:12Z', '2022-06-15T18:56:12Z'],
    ['text that is no time', 'tomorrow', 'tomorrow'],
    ['an empty text', '', ''],
  ])('reads %s', (_, received, repaired) => {
    expect(readQuotation({ quotationId: '1', scheduleAt: received, expiresAt: received })).toMatchObject({
      scheduleAt: repaired,
      expiresAt: repaired,
    });
    expect(readDriver({ driverId: '1', coordinates: { updatedAt: received } })).toMatchObject({
      coordinates: { updatedAt: repaired },
    });
    expect(readOrder({ orderId: '1', stops: [{}, null, { POD: { deliveredAt: received } }] })).toMatchObject({
      stops: [{}, null, { POD: { deliveredAt: repaired } }],
    });
  });

  it('leaves the texts of the user unchanged', () => {
    const order = {
      orderId: '1',
      metadata: { note: '2025-09-10T19:21.00Z' },
      stops: [{ address: '2025-09-10T19:21.00Z' }],
    };
    expect(readOrder(structuredClone(order))).toEqual(order);
  });
});
