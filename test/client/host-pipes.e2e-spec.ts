import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Post, ValidationPipe, type ValidationPipeOptions } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  AddPriorityFeeDto,
  ChangeDriverDto,
  createLalamoveException,
  CreateQuotationDto,
  EditOrderDto,
  LalamoveExceptionFilter,
  LalamoveModule,
  LalamoveService,
  PlaceOrderDto,
} from 'nestjs-lalamove';
import { BookDeliveryDto } from 'nestjs-lalamove/deliveries';
import { PLATFORMS, request, startHost, type HostApp } from '../support/host-app.js';
import { EDIT, ORDER, QUOTATION } from '../support/inputs.js';
import { KEYS } from '../support/lalamove.js';
import { http, RawServer } from '../support/raw-server.js';
import { bookingOf } from '../support/sample-booking.js';

/** Accepts every body that our DTOs describe, and sends it to Lalamove if there is a call for it. */
@Controller()
class BodiesController {
  constructor(private readonly lalamove: LalamoveService) {}

  @Post('quotations')
  quote(@Body() body: CreateQuotationDto): Promise<object> {
    return this.lalamove.createQuotation(body);
  }

  @Post('orders')
  place(@Body() body: PlaceOrderDto): Promise<object> {
    return this.lalamove.placeOrder(body);
  }

  @Post('edits')
  edit(@Body() body: EditOrderDto): Promise<object> {
    return this.lalamove.editOrder('1', body);
  }

  @Post('fees')
  hurry(@Body() body: AddPriorityFeeDto): Promise<object> {
    return this.lalamove.addPriorityFee('1', body);
  }

  @Post('drivers')
  async change(@Body() body: ChangeDriverDto): Promise<object> {
    await this.lalamove.changeDriver('1', '2', body);
    return {};
  }

  @Post('deliveries')
  book(@Body() body: BookDeliveryDto): object {
    return body;
  }
}

const ITEM = { quantity: '3', weight: 'LESS_THAN_3_KG', categories: ['FOOD'], handlingInstructions: ['UPRIGHT'] };
const ALL = { scheduleAt: '2026-12-01T08:30:00Z', specialRequests: ['BAG'], isRouteOptimized: true, item: ITEM };
const OPTIONS = { isPODEnabled: true, isRecipientSMSEnabled: false, partner: 'p', metadata: { a: '1' } };
const [RECIPIENT] = ORDER.recipients;
const [FIRST, SECOND] = EDIT.stops;

/** Bodies with every member of a DTO, and what is sent to Lalamove. */
const WHOLE: Record<string, object> = {
  quotations: { ...QUOTATION, ...ALL },
  orders: { ...ORDER, ...OPTIONS, recipients: [{ ...RECIPIENT, remarks: 'Ring' }] },
  edits: { stops: [FIRST, { ...SECOND, remarks: 'Ring' }] },
  fees: { priorityFee: '20' },
  drivers: { reason: 'DRIVER_LATE' },
  deliveries: bookingOf('A-1', { ...OPTIONS, maxPrice: '90', account: 'thai', policy: { requote: false } }),
};

/** One member of a wrong type, and its place. */
const WRONG: [path: string, body: object][] = [
  ['orders', { ...ORDER, isPODEnabled: 'false' }],
  ['orders', { ...ORDER, isRecipientSMSEnabled: 0 }],
  ['orders', { ...ORDER, quotationId: 3394517965935702 }],
  ['orders', { ...ORDER, partner: 7 }],
  ['orders', { ...ORDER, sender: { ...ORDER.sender, stopId: 1 } }],
  ['orders', { ...ORDER, sender: { ...ORDER.sender, name: true } }],
  ['orders', { ...ORDER, recipients: [{ ...RECIPIENT, remarks: 5 }] }],
  ['orders', { ...ORDER, metadata: { reference: 7 } }],
  ['quotations', { ...QUOTATION, isRouteOptimized: 'false' }],
  ['quotations', { ...QUOTATION, serviceType: 5 }],
  ['quotations', { ...QUOTATION, specialRequests: [5] }],
  ['quotations', { ...QUOTATION, scheduleAt: 1_800_000_000_000 }],
  ['quotations', { ...QUOTATION, item: { quantity: 3 } }],
  ['quotations', { ...QUOTATION, stops: [{ address: 5 }, { address: 'There' }] }],
  ['edits', { stops: [FIRST, { ...SECOND, address: 7 }] }],
  ['fees', { priorityFee: 20 }],
  ['deliveries', { ...bookingOf('A-1'), isPODEnabled: 'false' }],
  ['deliveries', { ...bookingOf('A-1'), maxPrice: 90 }],
  ['deliveries', { ...bookingOf('A-1'), reference: 7 }],
];

/** Bodies in which single members break several rules at once, and the one message for each. */
const SEVERAL_RULES: [path: string, body: object, messages: string[]][] = [
  [
    'orders',
    { quotationId: '1', sender: { stopId: '1' }, recipients: 'Ada' },
    [
      'sender.name is missing: it must be a string that is not empty',
      'sender.phone is missing: it must be in E.164 form, such as +85290000000',
      'recipients must be a list of objects, one for each drop-off',
    ],
  ],
  ['orders', { ...ORDER, sender: 'Shop' }, ['sender must be an object']],
  [
    'orders',
    { ...ORDER, recipients: [{ ...RECIPIENT, remarks: 5 }] },
    ['recipients.0.remarks must be a string of at most 1500 characters'],
  ],
  ['orders', { ...ORDER, metadata: 'x' }, ['metadata must be an object whose values are all strings']],
  [
    'quotations',
    { serviceType: 5, language: 'en_HK', stops: 1, specialRequests: 1 },
    [
      'serviceType must be a string that is not empty',
      'specialRequests must be a list of strings',
      'stops must be a list of objects: one pick-up and at least one drop-off',
    ],
  ],
  [
    'quotations',
    { ...QUOTATION, stops: [{}, { coordinates: 1 }] },
    ['stops.0.coordinates are required if there is no address', 'stops.1.coordinates must be an object: { lat, lng }'],
  ],
  [
    'deliveries',
    { reference: 'A-1', quotation: [], recipients: null },
    [
      'quotation must be an object',
      'recipients is missing: it must be a list of objects, one for each drop-off',
      'sender is missing: it must be an object',
    ],
  ],
];

const IMPLICIT = { transform: true, transformOptions: { enableImplicitConversion: true } };
const PIPES: [name: string, options: ValidationPipeOptions][] = [
  ['transform', { transform: true }],
  ['transform, whitelist', { transform: true, whitelist: true, forbidNonWhitelisted: true }],
  ['implicit conversion', IMPLICIT],
  ['excludeExtraneousValues', { transform: true, transformOptions: { excludeExtraneousValues: true } }],
  ["strategy: 'excludeAll'", { transform: true, transformOptions: { strategy: 'excludeAll' } }],
  [
    'implicit conversion, excludeExtraneousValues',
    { transform: true, transformOptions: { excludeExtraneousValues: true, enableImplicitConversion: true } },
  ],
];

describe.each(PLATFORMS)('our DTOs on %s', (platform) => {
  describe.each(PIPES)('under a pipe with %s', (_, options) => {
    let server: RawServer;
    let host: HostApp;

    beforeAll(async () => {
      const answer = '{"data":{"quotationId":"1","orderId":"1"}}';
      server = await RawServer.start((socket) => socket.write(http(200, answer)));
      const imports = [LalamoveModule.forRoot({ ...KEYS, baseUrl: server.url, rateLimit: false })];
      host = await startHost(platform, { imports, controllers: [BodiesController] }, (app) => {
        app.useGlobalPipes(new ValidationPipe(options));
      });
    });

    afterAll(async () => {
      await host.app.close();
      await server.stop();
    });

    it.each(Object.keys(WHOLE))('accept every member of %s', async (path) => {
      const answer = await request('POST', `${host.url}/${path}`, WHOLE[path]);
      expect(answer).toMatchObject({ status: 201 });
      if (path === 'deliveries') {
        expect(answer.body).toEqual(WHOLE[path]);
        return;
      }
      const [, body = ''] = (server.requests.at(-1) ?? '').split('\r\n\r\n');
      const sent = JSON.stringify(WHOLE[path]).replace(/"(lat|lng)":([\d.]+)/g, '"$1":"$2"');
      expect(JSON.parse(body)).toEqual({ data: JSON.parse(sent) as unknown });
    });

    it.each(WRONG)('refuse a wrong type: %s %j', async (path, body) => {
      const before = server.requests.length;
      const answer = await request('POST', `${host.url}/${path}`, body);
      expect([400, 422]).toContain(answer.status);
      if (answer.status === 400) expect(answer.body.message).toHaveLength(1);
      expect(server.requests).toHaveLength(before);
    });
  });

  it.each(SEVERAL_RULES)(
    'give one message for a member, in a pipe and without: %s %j',
    async (path, body, messages) => {
      const imports = [LalamoveModule.forRoot({ ...KEYS })];
      const piped = await startHost(platform, { imports, controllers: [BodiesController] }, (app) => {
        app.useGlobalPipes(new ValidationPipe());
      });
      const answer = await request('POST', `${piped.url}/${path}`, body);
      await piped.app.close();
      expect(answer).toMatchObject({ status: 400 });
      expect([...(answer.body.message as string[])].sort()).toEqual([...messages].sort());
      if (path === 'deliveries') return;
      const { app, url } = await startHost(platform, { imports, controllers: [BodiesController] });
      const own = await request('POST', `${url}/${path}`, body);
      await app.close();
      const inPlaces = (own.body.errors as { field: string; message: string }[]).map(({ field, message }) =>
        [...field.split('/').slice(1, -1), message].join('.'),
      );
      expect(inPlaces.sort()).toEqual([...messages].sort());
    },
  );

  it.each(['nest', 'problem'] as const)('have errors in the terms of the body in format %s', async (format) => {
    const imports = [LalamoveModule.forRoot({ ...KEYS, errors: { format } })];
    const { app, url } = await startHost(platform, { imports, controllers: [BodiesController] });
    const stops = [QUOTATION.stops[0], { address: 7 }];
    const answer = await request('POST', `${url}/quotations`, { ...QUOTATION, stops });
    await app.close();
    expect(answer).toMatchObject({
      status: 422,
      body: { errors: [{ code: 'ERR_INVALID_FIELD', pointer: '/data/stops/1/address', field: '/stops/1/address' }] },
    });
  });

  it('are checked by the client without a pipe, and errors point at the place', async () => {
    const imports = [LalamoveModule.forRoot({ ...KEYS })];
    const { app, url } = await startHost(platform, { imports, controllers: [BodiesController] });
    expect(await request('POST', `${url}/orders`, { ...ORDER, isPODEnabled: 'false' })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/data/isPODEnabled' }] },
    });
    await app.close();
  });
});

@Controller()
class FailingController {
  @Get('lalamove')
  lalamove(): never {
    throw createLalamoveException('ERR_ORDER_NOT_FOUND');
  }

  @Get('own')
  own(): never {
    throw new TypeError('own');
  }
}

describe('a filter that a testing module uses instead of ours', () => {
  const replacement = {
    catch: (
      _: unknown,
      host: { switchToHttp(): { getResponse(): { status(code: number): { json(body: object): void } } } },
    ): void => {
      host.switchToHttp().getResponse().status(418).json({ replaced: true });
    },
  };

  it('gives the same answer as the app-wide filter, and no other', async () => {
    const imports = [LalamoveModule.forRoot({ ...KEYS })];
    const module = await Test.createTestingModule({ imports, controllers: [FailingController] })
      .overrideFilter(LalamoveExceptionFilter)
      .useValue(replacement)
      .compile();
    const app = module.createNestApplication();
    app.useLogger(false);
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    expect(await request('GET', `${url}/lalamove`)).toMatchObject({ status: 418, body: { replaced: true } });
    expect(await request('GET', `${url}/own`)).toMatchObject({ status: 500 });
    await app.close();
  });
});
