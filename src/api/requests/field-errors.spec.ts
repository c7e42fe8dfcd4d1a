import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { CreateQuotationDto } from './create-quotation.dto.js';
import { EditOrderDto } from './edit-order.dto.js';
import { fieldErrors } from './field-errors.js';
import { AddPriorityFeeDto, ChangeDriverDto, SetWebhookUrlDto } from './order-change.dto.js';
import { PlaceOrderDto } from './place-order.dto.js';

const stop = { coordinates: { lat: '22.3', lng: '114.1' }, address: 'Somewhere' };
const quotation = { serviceType: 'MOTORCYCLE', language: 'en_HK', stops: [stop, stop] };
const sender = { stopId: '1', name: 'Shop', phone: '+85221234567' };
const recipient = { stopId: '2', name: 'Ada', phone: '+85251234567', remarks: 'Ring twice' };
const order = { quotationId: '3394517965935702476', sender, recipients: [recipient] };

const pointers = (dto: Parameters<typeof fieldErrors>[0], input: unknown): string[] =>
  fieldErrors(dto, input).map(({ pointer }) => pointer);

describe('fieldErrors', () => {
  it.each([
    ['a quotation', CreateQuotationDto, quotation],
    [
      'coordinates as numbers',
      CreateQuotationDto,
      { ...quotation, stops: [stop, { coordinates: { lat: 22.3, lng: -0.000001 } }] },
    ],
    [
      'addresses without coordinates',
      CreateQuotationDto,
      { ...quotation, stops: [{ address: 'Here' }, { address: '' }] },
    ],
    ['17 stops', CreateQuotationDto, { ...quotation, stops: Array(17).fill(stop) }],
    ['16 recipients', PlaceOrderDto, { ...order, recipients: Array(16).fill(recipient) }],
    ['a Date', CreateQuotationDto, { ...quotation, scheduleAt: new Date() }],
    ['a time with a time zone', CreateQuotationDto, { ...quotation, scheduleAt: '2026-12-01T08:30:00+08:00' }],
    [
      'a time with a time zone in basic form',
      CreateQuotationDto,
      { ...quotation, scheduleAt: '2026-12-01T08:30-0330' },
    ],
    ['a time in UTC', CreateQuotationDto, { ...quotation, scheduleAt: '2026-12-01T08:30:00Z' }],
    ['a time with decimals', CreateQuotationDto, { ...quotation, scheduleAt: '2026-12-01T08:30:00.00Z' }],
    [
      'an item',
      CreateQuotationDto,
      { ...quotation, item: { quantity: '3', weight: 'LESS_THAN_3_KG', categories: ['FOOD_DELIVERY'] } },
    ],
    ['fields that are newer than this package', CreateQuotationDto, { ...quotation, cashOnDelivery: { amount: '10' } }],
    ['an order', PlaceOrderDto, { ...order, metadata: { reference: 'A-1' }, isPODEnabled: true }],
    [
      'remarks of 1500 characters',
      PlaceOrderDto,
      { ...order, recipients: [{ ...recipient, remarks: 'x'.repeat(1500) }] },
    ],
    [
      'an edit',
      EditOrderDto,
      {
        stops: [
          { ...stop, ...sender },
          { ...stop, ...recipient },
        ],
      },
    ],
    ['a fee', AddPriorityFeeDto, { priorityFee: '4.50' }],
    ['a reason', ChangeDriverDto, { reason: 'DRIVER_LATE' }],
    ['a local URL', SetWebhookUrlDto, { url: 'http://localhost:3000/webhooks/lalamove' }],
  ])('accepts %s', (_, dto, input) => {
    expect(fieldErrors<object>(dto, input)).toEqual([]);
  });

  it.each([
    ['no input', CreateQuotationDto, undefined, ['/data']],
    ['a list', CreateQuotationDto, [], ['/data']],
    ['an empty object', CreateQuotationDto, {}, ['/data/serviceType', '/data/stops']],
    ['one stop', CreateQuotationDto, { ...quotation, stops: [stop] }, ['/data/stops']],
    ['an empty stop', CreateQuotationDto, { ...quotation, stops: [stop, {}] }, ['/data/stops/1/coordinates']],
    ['a stop that is a string', CreateQuotationDto, { ...quotation, stops: [stop, 'there'] }, ['/data/stops/1']],
    ['a stop that is a list', CreateQuotationDto, { ...quotation, stops: [stop, []] }, ['/data/stops']],
    ['a stop that is undefined', CreateQuotationDto, { ...quotation, stops: [stop, undefined] }, ['/data/stops']],
    ['a recipient that is undefined', PlaceOrderDto, { ...order, recipients: [undefined] }, ['/data/recipients']],
    ['stops that are one object', CreateQuotationDto, { ...quotation, stops: stop }, ['/data/stops']],
    ['an item that is a list', CreateQuotationDto, { ...quotation, item: [] }, ['/data/item']],
    [
      'a category that is a number',
      CreateQuotationDto,
      { ...quotation, item: { categories: [1] } },
      ['/data/item/categories'],
    ],
    ['a sender that is a list', PlaceOrderDto, { ...order, sender: [sender] }, ['/data/sender']],
    ['a Date as input', PlaceOrderDto, new Date(), ['/data']],
    ['a week date', CreateQuotationDto, { ...quotation, scheduleAt: '2026-W01-1T08:00:00Z' }, ['/data/scheduleAt']],
    [
      'a latitude beyond the pole',
      CreateQuotationDto,
      { ...quotation, stops: [stop, { coordinates: { lat: 90.1, lng: 0 } }] },
      ['/data/stops/1/coordinates/lat'],
    ],
    [
      'a longitude that is not a number',
      CreateQuotationDto,
      { ...quotation, stops: [stop, { coordinates: { lat: 0, lng: 'east' } }] },
      ['/data/stops/1/coordinates/lng'],
    ],
    [
      'a latitude of NaN',
      CreateQuotationDto,
      { ...quotation, stops: [stop, { coordinates: { lat: Number.NaN, lng: 0 } }] },
      ['/data/stops/1/coordinates/lat'],
    ],
    ['a language with a hyphen', CreateQuotationDto, { ...quotation, language: 'en-HK' }, ['/data/language']],
    ['a local time', CreateQuotationDto, { ...quotation, scheduleAt: '2026-12-01T08:30:00' }, ['/data/scheduleAt']],
    [
      'a day that does not exist',
      CreateQuotationDto,
      { ...quotation, scheduleAt: '2026-02-30T08:30:00Z' },
      ['/data/scheduleAt'],
    ],
    [
      'an invalid time zone',
      CreateQuotationDto,
      { ...quotation, scheduleAt: '2026-12-01T08:30:00+99' },
      ['/data/scheduleAt'],
    ],
    ['an invalid Date', CreateQuotationDto, { ...quotation, scheduleAt: new Date(Number.NaN) }, ['/data/scheduleAt']],
    ['an id that is a number', PlaceOrderDto, { ...order, quotationId: 339451796593570 }, ['/data/quotationId']],
    ['no sender', PlaceOrderDto, { ...order, sender: undefined }, ['/data/sender']],
    ['no recipients', PlaceOrderDto, { ...order, recipients: [] }, ['/data/recipients']],
    [
      'a local phone number',
      PlaceOrderDto,
      { ...order, recipients: [{ ...recipient, phone: '12345678' }] },
      ['/data/recipients/0/phone'],
    ],
    [
      'remarks of 1501 characters',
      PlaceOrderDto,
      { ...order, recipients: [{ ...recipient, remarks: 'x'.repeat(1501) }] },
      ['/data/recipients/0/remarks'],
    ],
    ['metadata that holds a number', PlaceOrderDto, { ...order, metadata: { n: 1 } }, ['/data/metadata']],
    [
      'an edit without coordinates',
      EditOrderDto,
      {
        stops: [
          { ...sender, address: 'Here' },
          { ...stop, ...recipient },
        ],
      },
      ['/data/stops/0/coordinates'],
    ],
    ['a fee that is a number', AddPriorityFeeDto, { priorityFee: 20 }, ['/data/priorityFee']],
    ['a fee of zero', AddPriorityFeeDto, { priorityFee: '0.00' }, ['/data/priorityFee']],
    ['a negative fee', AddPriorityFeeDto, { priorityFee: '-1' }, ['/data/priorityFee']],
    ['an unknown reason', ChangeDriverDto, { reason: 'BORED' }, ['/data/reason']],
    ['a relative URL', SetWebhookUrlDto, { url: '/webhooks' }, ['/data/url']],
    ['a URL with credentials', SetWebhookUrlDto, { url: 'https://u:p@shop.example/hook' }, ['/data/url']],
    ['a URL with a backslash', SetWebhookUrlDto, { url: 'https://shop.example/a\\b' }, ['/data/url']],
    ['a URL with another scheme', SetWebhookUrlDto, { url: 'ftp://example.com' }, ['/data/url']],
  ])('returns the pointers for %s', (_, dto, input, expected) => {
    expect(pointers(dto, input)).toEqual(expected);
  });

  const PHONE = 'in E.164 form, such as +85290000000';
  const REMARKS = 'remarks must be a string of at most 1500 characters';
  const STOPS = 'a list of objects: one pick-up and at least one drop-off';

  it.each([
    [
      'no phone',
      PlaceOrderDto,
      { ...order, sender: { stopId: '1', name: 'Shop' } },
      `phone is missing: it must be ${PHONE}`,
    ],
    ['a wrong phone', PlaceOrderDto, { ...order, sender: { ...sender, phone: '1' } }, `phone must be ${PHONE}`],
    [
      'a phone that is a number',
      PlaceOrderDto,
      { ...order, sender: { ...sender, phone: 1 } },
      `phone must be ${PHONE}`,
    ],
    [
      'no name',
      PlaceOrderDto,
      { ...order, sender: { ...sender, name: null } },
      'name is missing: it must be a string that is not empty',
    ],
    [
      'an empty name',
      PlaceOrderDto,
      { ...order, sender: { ...sender, name: '' } },
      'name must be a string that is not empty',
    ],
    ['no sender', PlaceOrderDto, { ...order, sender: undefined }, 'sender is missing: it must be an object'],
    ['a sender that is a text', PlaceOrderDto, { ...order, sender: 'Shop' }, 'sender must be an object'],
    ['remarks that are a number', PlaceOrderDto, { ...order, recipients: [{ ...recipient, remarks: 7 }] }, REMARKS],
    ['long remarks', PlaceOrderDto, { ...order, recipients: [{ ...recipient, remarks: '-'.repeat(1501) }] }, REMARKS],
    [
      'metadata that are a text',
      PlaceOrderDto,
      { ...order, metadata: 'x' },
      'metadata must be an object whose values are all strings',
    ],
    [
      'large metadata',
      PlaceOrderDto,
      { ...order, metadata: { a: 'x'.repeat(65_536) } },
      'metadata must be at most 65536 bytes as JSON',
    ],
    ['no stops', CreateQuotationDto, { ...quotation, stops: undefined }, `stops is missing: it must be ${STOPS}`],
    ['stops that are a text', CreateQuotationDto, { ...quotation, stops: 'here' }, `stops must be ${STOPS}`],
    ['one stop', CreateQuotationDto, { ...quotation, stops: [stop] }, `stops must be ${STOPS}`],
    [
      'an empty stop',
      CreateQuotationDto,
      { ...quotation, stops: [stop, {}] },
      'coordinates are required if there is no address',
    ],
    [
      'coordinates that are a text',
      CreateQuotationDto,
      { ...quotation, stops: [stop, { coordinates: '1,2' }] },
      'coordinates must be an object: { lat, lng }',
    ],
    [
      'requests that are a number',
      CreateQuotationDto,
      { ...quotation, specialRequests: 5 },
      'specialRequests must be a list of strings',
    ],
    [
      'no language',
      CreateQuotationDto,
      { ...quotation, language: '' },
      'language must be a language and a market, such as en_HK',
    ],
  ])('gives one message for %s', (_, dto, input, message) => {
    expect(fieldErrors<object>(dto, input).map((error) => error.message)).toEqual([message]);
  });

  it('refuses an input with a circular reference', () => {
    const input: Record<string, unknown> = { ...quotation };
    input.stops = [input, input];
    expect(pointers(CreateQuotationDto, input).length).toBeGreaterThan(0);
  });

  it('refuses an input whose getter throws', () => {
    const input = {
      get stops(): never {
        throw new Error('no');
      },
    };
    expect(pointers(CreateQuotationDto, input)).toEqual(['/data']);
  });
});
