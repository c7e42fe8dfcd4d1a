import { describe, expect, it } from '@jest/globals';
import { bookingField, namesOf, refusedFields } from './booking-fields.js';

describe('bookingField', () => {
  it.each([
    ['placeOrder', '/data/sender/phone', '/sender/phone'],
    ['placeOrder', '/data/recipients/12/remarks', '/recipients/12/remarks'],
    ['placeOrder', '/data/recipients/0/phone:+85251234567', '/recipients/0/phone'],
    ['placeOrder', '/data/recipients/0', '/recipients/0'],
    ['placeOrder', '/data/metadata/a', '/metadata'],
    ['placeOrder', '/data/isPODEnabled', '/isPODEnabled'],
    ['createQuotation', '/data/stops/1/coordinates/lat', '/quotation/stops/1/coordinates/lat'],
    ['createQuotation', '/data', '/quotation'],
  ])('%s: %s is %s', (operation, pointer, field) => {
    expect(bookingField(operation, pointer)).toBe(field);
  });

  it.each([
    ['placeOrder', '/data/quotationId'],
    ['placeOrder', '/data/sender/stopId'],
    ['placeOrder', '/data/recipients'],
    ['placeOrder', '/data/scheduleAt'],
    ['placeOrder', '/sender/phone'],
    ['createQuotation', '/data/stops/0/Ada'],
    ['createQuotation', '/orderId'],
    ['createQuotation', '/data/sender/phone'],
    ['addPriorityFee', '/data/priorityFee'],
    [undefined, '/data/sender/phone'],
    ['placeOrder', undefined],
  ])('%s: %s is no field of a booking', (operation, pointer) => {
    expect(bookingField(operation, pointer)).toBeUndefined();
  });
});

it('names each refused field once', () => {
  const error = (pointer: string): { code: string; message: string; pointer: string } => ({
    ...{ code: 'ERR_INVALID_FIELD', message: 'no' },
    pointer,
  });
  const errors = ['/data/sender/phone', '/data/sender/name', '/data/sender/name', '/data/recipients/1/phone'].map(
    error,
  );
  const fields = refusedFields({ operation: 'placeOrder', errors });
  expect(fields).toEqual(['/sender/phone', '/sender/name', '/recipients/1/phone']);
  expect(namesOf(fields)).toEqual(['the phone of the sender', 'the name of the sender', 'the phone of recipient 2']);
});

it.each([
  ['/recipients/0', 'recipient 1'],
  ['/sender', 'the sender'],
  ['/quotation/stops/1/coordinates/lat', 'the coordinates of stop 2'],
  ['/quotation/stops/0/address', 'the address of stop 1'],
  ['/quotation/stops', 'the stops'],
  ['/quotation/item/weight', 'the weight of the item'],
  ['/quotation/specialRequests/0', 'the specialRequests'],
  ['/quotation', 'the quotation'],
  ['/metadata', 'the metadata'],
])('calls %s %s', (field, name) => {
  expect(namesOf([field])).toEqual([name]);
});
