import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, type Type } from '@nestjs/common';
import { ApiExtraModels, type OpenAPIObject } from '@nestjs/swagger';
import { readdirSync, readFileSync } from 'node:fs';
import { LalamoveService } from 'nestjs-lalamove';
import { DeliveriesService } from 'nestjs-lalamove/deliveries';
import * as openapi from 'nestjs-lalamove/openapi';
import { ENDPOINTS, operationsOfPath, type LalamoveOperation } from '../../src/api/endpoints.js';
import { OPERATIONS } from '../../src/api/operations.js';
import { DeliveriesHost } from '../deliveries/deliveries-host.js';
import { EDIT, orderOf, QUOTATION } from '../support/inputs.js';
import { bookingOf } from '../support/sample-booking.js';
import { documentOf, schemaNamed, validatorOf, type Schema } from './document.js';

/** The exported schemas, by the names of their exports. */
const SCHEMAS: [string, Type<object>][] = Object.entries(openapi)
  .filter(([name]) => name.endsWith('Schema') && name !== 'answerSchema')
  .map(([name, schema]) => [name, schema as Type<object>]);

/** The schema of each call's answer; the others are answered without a body. */
const ANSWERS: Partial<Record<LalamoveOperation, string>> = {
  createQuotation: 'Quotation',
  getQuotation: 'Quotation',
  placeOrder: 'Order',
  getOrder: 'Order',
  editOrder: 'Order',
  addPriorityFee: 'Order',
  getDriver: 'Driver',
  getCities: 'City',
  setWebhookUrl: 'WebhookRegistration',
};

let document: OpenAPIObject;
/** The schemas, closed against members without an entry. */
let strict: OpenAPIObject;
/** The same without required members, because their authors have shortened some of the recordings. */
let lenient: OpenAPIObject;

beforeAll(async () => {
  @ApiExtraModels(...SCHEMAS.map(([, schema]) => schema))
  @Controller()
  class AnswersController {
    @Get()
    find(): string {
      return '';
    }
  }
  document = await documentOf([AnswersController]);
  strict = closed(document);
  lenient = closed(document, { required: [] });
});

describe('the schemas of answers', () => {
  it('are named as the interfaces, and each member is described', () => {
    for (const [name] of SCHEMAS) {
      const { properties = {}, description } = schemaNamed(document, name.replace(/Schema$/, ''));
      expect([name, description]).toEqual([name, expect.stringMatching(/\.$/)]);
      expect([name, Object.keys(properties).length > 0]).toEqual([name, true]);
      for (const [member, { description: text }] of Object.entries(properties)) {
        expect([name, member, text]).toEqual([name, member, expect.stringMatching(/^\S.{3,}/)]);
      }
    }
  });

  it('refuse an answer with a member of another type', () => {
    const isValid = validatorOf(document, { $ref: '#/components/schemas/WebhookRegistration' });
    expect([isValid({ url: 'https://a.example' }), isValid({ url: 1 }), isValid({})]).toEqual([true, false, false]);
  });

  it('have every member of the recorded answers', () => {
    const seen = new Set<string>();
    for (const { method, path, data } of recordedAnswers()) {
      const call = operationsOfPath(path).find((each) => each.method === method);
      const name = call && ANSWERS[call.operation];
      if (!call || name === undefined) continue;
      seen.add(call.operation);
      expectStated(name, OPERATIONS[call.operation].read(data), lenient);
    }
    const recorded = ['addPriorityFee', 'createQuotation', 'getCities', 'getDriver', 'getOrder', 'placeOrder'];
    expect([...seen].sort()).toEqual(recorded);
  });
});

describe('the schemas of answers, on a sandbox', () => {
  let host: DeliveriesHost;

  beforeAll(async () => {
    host = await DeliveriesHost.start();
  });

  afterAll(async () => {
    await host.stop();
  });

  it('have every member of every call’s answer', async () => {
    const { sandbox } = host;
    const lalamove = host.app.get(LalamoveService);
    const item = { quantity: '3', weight: 'LESS_THAN_3_KG', categories: ['FOOD_DELIVERY'] };
    const quotation = await lalamove.createQuotation({ ...QUOTATION, item });
    expectStated('Quotation', quotation);
    expectStated('Quotation', await lalamove.getQuotation(quotation.quotationId));
    const { orderId } = await lalamove.placeOrder({ ...orderOf(quotation), isPODEnabled: true });
    expectStated('Order', await lalamove.addPriorityFee(orderId, { priorityFee: '20' }));
    const { driverId } = sandbox.moveOrder(orderId, 'ON_GOING');
    expectStated('Driver', await lalamove.getDriver(orderId, driverId));
    expectStated('Order', await lalamove.editOrder(orderId, EDIT));
    for (const status of ['PICKED_UP', 'COMPLETED'] as const) {
      sandbox.moveOrder(orderId, status);
      expectStated('Order', await lalamove.getOrder(orderId));
    }
    expectStated('City', await lalamove.getCities());
    const calls = new Set(sandbox.requests.map(({ method, path }) => operationOf(method, path)));
    const answered = Object.keys(ANSWERS).filter((name) => name !== 'setWebhookUrl');
    expect([...calls]).toEqual(expect.arrayContaining(answered));
    expect(Object.keys(ENDPOINTS)).toEqual(expect.arrayContaining(Object.keys(ANSWERS)));
  });

  it('have every member of a delivery, its timeline and the metrics', async () => {
    const deliveries = host.app.get(DeliveriesService);
    expectStated('Delivery', await deliveries.book(bookingOf('A-1')));
    await deliveries.book(bookingOf('A-2', { maxPrice: '1' }));
    await host.settle();
    const { orderId = '' } = await deliveries.get('A-1');
    host.sandbox.moveOrder(orderId, 'ON_GOING');
    await host.settle();
    const page = await deliveries.list();
    // They were booked at the same time, so their order is that of their random ids.
    expect(page.deliveries.map(({ state }) => state).sort()).toEqual(['needs_attention', 'on_going']);
    expectStated('DeliveryPage', page);
    expectStated('TimelineEntry', await deliveries.timeline('A-1'));
    expectStated('TimelineEntry', await deliveries.timeline('A-2'));
    expectStated('DeliveriesMetrics', await deliveries.metrics());
  });
});

/** An answer, as JSON, is valid, and has no member that the schema does not have. Of a list, each entry is. */
function expectStated(name: string, answer: unknown, schemas = strict): void {
  const isValid = validatorOf(schemas, { $ref: `#/components/schemas/${name}` });
  const sent: unknown = JSON.parse(JSON.stringify(answer));
  for (const each of Array.isArray(sent) ? sent : [sent]) {
    isValid(each);
    expect([name, isValid.errors]).toEqual([name, null]);
  }
}

/** The document with schemas that refuse members without an entry, except where any name is allowed. */
function closed(open: OpenAPIObject, more: Schema = {}): OpenAPIObject {
  const entries = Object.entries(open.components?.schemas ?? {}).map(([name, schema]) => {
    // A market may add amounts.
    const further = name === 'PriceBreakdown' ? { type: 'string' } : false;
    return [name, { ...(schema as Schema), additionalProperties: further, ...more }];
  });
  return { ...open, components: { schemas: Object.fromEntries(entries) as Record<string, object> } };
}

function operationOf(method: string, path: string): string | undefined {
  return operationsOfPath(path.split('?', 1)[0] ?? '').find((each) => each.method === method)?.operation;
}

interface RecordedAnswer {
  method: string;
  path: string;
  data: unknown;
}

/** The successful answers with data in the recordings. */
function recordedAnswers(): RecordedAnswer[] {
  const folder = 'test/fixtures/recorded';
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => exchangesOf(JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as Recording))
    .filter(({ data }) => data !== undefined);
}

interface Exchange {
  readonly method?: string;
  readonly path?: string;
  readonly status: number;
  readonly body?: unknown;
}

/** A file of one exchange, or of several. */
interface Recording {
  readonly request?: Exchange;
  readonly response?: Exchange;
  readonly exchanges?: readonly Exchange[];
}

function exchangesOf({ request, response, exchanges = [] }: Recording): RecordedAnswer[] {
  const all = request && response ? [...exchanges, { ...request, ...response }] : exchanges;
  return all
    .filter(({ status }) => status < 300)
    .map(({ method = '', path = '', body }) => ({ method, path, data: parsed(body).data }));
}

function parsed(body: unknown): { data?: unknown } {
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? {});
  return JSON.parse(text === '' ? '{}' : text) as { data?: unknown };
}
