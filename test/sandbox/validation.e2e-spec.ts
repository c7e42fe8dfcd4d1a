import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LalamoveService } from 'nestjs-lalamove';
import type { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { startFrozen } from './frozen-sandbox.js';
import { orderOf, QUOTATION } from '../support/inputs.js';

describe('a sandbox that validates like v3', () => {
  let sandbox: LalamoveSandbox;
  let lalamove: LalamoveService;
  let close: () => Promise<void>;

  beforeAll(async () => {
    ({ sandbox, lalamove, close } = await startFrozen({ validation: 'schema' }));
  });

  afterAll(() => close());

  /** The body that the sandbox sent for a refused call. */
  const refusal = async (call: Promise<unknown>): Promise<[status: number | undefined, body: unknown]> => {
    await expect(call).rejects.toThrow();
    const answer = sandbox.requests.at(-1)?.answer;
    return [answer?.status, JSON.parse(answer?.body ?? '')];
  };
  const quote = (more: object): Promise<unknown> =>
    lalamove.createQuotation({ ...QUOTATION, ...more }, { validate: false });
  const invalid = (message: string, detail: string): object => ({ id: 'ERR_INVALID_FIELD', message, detail });

  it.each<[what: string, more: object, error: object]>([
    [
      'only a pick-up',
      { stops: QUOTATION.stops.slice(1) },
      invalid('minimum 2 items required, but found 1 items', '/data/stops'),
    ],
    [
      'a service that the city does not have',
      { serviceType: 'TRICYCLE' },
      invalid('value must be one of "WALKER", "MOTORCYCLE", "VAN", "TRUCK330", "TRUCK550"', '/data/serviceType'),
    ],
    [
      'a pick-up in the past',
      { scheduleAt: '2020-01-01T00:00:00.000Z' },
      invalid(
        "'2020-01-01T00:00:00.000Z' is not valid 'scheduleAt'. " +
          'Date cannot be a past date or more than 30 days in advance.',
        '/data/scheduleAt',
      ),
    ],
    [
      'a special request that the service does not have',
      { serviceType: 'TRUCK330', specialRequests: ['THERMAL_BAG_1'] },
      invalid(
        'value must be one of "DOOR_TO_DOOR_1DRIVER", "DOOR_TO_DOOR_1DRIVER1HELPER", ' +
          '"TOLL_FEE_10", "TOLL_FEE_20", "TAILBOARD", "NIGHT_LOADING"',
        '/data/specialRequests/0',
      ),
    ],
    [
      'a name in a stop',
      { stops: [QUOTATION.stops[0], { ...QUOTATION.stops[1], name: 'Ada', phone: '+85251234567' }] },
      { id: 'ERR_UNKNOWN_FIELD', message: "additionalProperties 'name', 'phone' not allowed" },
    ],
    [
      'a drop-off in Canton',
      { stops: [QUOTATION.stops[0], { coordinates: { lat: '23.13', lng: '113.26' }, address: 'Canton' }] },
      { id: 'ERR_OUT_OF_SERVICE_AREA', message: 'Given latitude/longitude is out of service area.' },
    ],
  ])('refuses %s', async (_, more, error) => {
    expect(await refusal(quote(more))).toEqual([422, { errors: [error] }]);
  });

  it('reports everything that is wrong with a quotation at once', async () => {
    const more = {
      language: 'th_TH',
      scheduleAt: '2020-01-01T00:00:00Z',
      serviceType: 'VAN',
      specialRequests: ['WINGS', 'FINS'],
      couriers: 2,
    };
    const [status, body] = await refusal(quote(more));
    const { errors } = body as { errors: { id: string; detail?: string }[] };
    expect([status, errors.map(({ id, detail }) => [id, detail])]).toEqual([
      422,
      [
        ['ERR_INVALID_FIELD', '/data/language'],
        ['ERR_INVALID_FIELD', '/data/scheduleAt'],
        ['ERR_UNKNOWN_FIELD', undefined],
        ['ERR_INVALID_FIELD', '/data/specialRequests/0'],
        ['ERR_INVALID_FIELD', '/data/specialRequests/1'],
      ],
    ]);
  });

  it('has no message for a place outside the area in Malaysia', async () => {
    const stops = [{ address: 'Jalan Ampang 1' }, { coordinates: { lat: '0', lng: '0' }, address: 'Null Island' }];
    const call = lalamove.createQuotation(
      { ...QUOTATION, language: 'ms_MY', stops },
      { market: 'MY', validate: false },
    );
    expect(await refusal(call)).toEqual([422, { errors: [{ id: 'ERR_OUT_OF_SERVICE_AREA' }] }]);
  });

  it('reports everything that is wrong with a contact, and with the rest of an order', async () => {
    const order = orderOf(await lalamove.createQuotation(QUOTATION));
    const sender = { ...order.sender, name: '', phone: '1' };
    const more = { sender, isPODEnabled: 'yes', metadata: 7 };
    const call = lalamove.placeOrder(Object.assign(order, more), { validate: false });
    const [, body] = await refusal(call);
    expect((body as { errors: { detail?: string }[] }).errors.map(({ detail }) => detail)).toEqual([
      '/data/sender/name',
      '/data/sender/phone',
      '/data/isPODEnabled',
      '/data/metadata',
    ]);
  });

  it('reports everything that is wrong with an order at once', async () => {
    const order = orderOf(await lalamove.createQuotation(QUOTATION));
    const sender = { ...order.sender, phone: '+63 900 000 0000' };
    const call = lalamove.placeOrder({ ...order, sender, ...{ item: {}, specialRequests: [] } }, { validate: false });
    expect(await refusal(call)).toEqual([
      422,
      {
        errors: [
          invalid("'+63 900 000 0000' is not valid 'phone'.", '/data/sender/phone'),
          { id: 'ERR_UNKNOWN_FIELD', message: "additionalProperties 'item', 'specialRequests' not allowed" },
        ],
      },
    ]);
    expect(sandbox.orders).toEqual([]);
  });

  it('has no messages that were not recorded', async () => {
    expect(await refusal(lalamove.getOrder('1'))).toEqual([
      404,
      { errors: [{ id: 'ERR_ORDER_NOT_FOUND', message: 'Order not found.' }] },
    ]);
    expect(await refusal(lalamove.getQuotation('1'))).toEqual([422, { errors: [{ id: 'ERR_INVALID_QUOTATION_ID' }] }]);
  });
});
