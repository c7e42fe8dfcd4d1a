import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { HttpModule } from '@nestjs/axios';
import { Controller, Get } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import { createLalamoveException, ERROR_CATALOG, LalamoveModule } from 'nestjs-lalamove';
import { ApiLalamoveErrors, apiLalamoveErrorsWith, type DocumentedCall } from 'nestjs-lalamove/openapi';
import { LalamoveSandbox, SandboxClock } from 'nestjs-lalamove/sandbox';
import { StorefrontController } from '../../examples/storefront/storefront.controller.js';
import { ENDPOINTS, operationsOfPath, type LalamoveOperation } from '../../src/api/endpoints.js';
import type { Format, Policy } from '../errors/answering-hosts.js';
import { RULES, WITHOUT_RULE, type Dialect } from '../sandbox/refusal-provocations.js';
import { BytesController, OTHER_CUSTOMER, Stage, THAI, WebhookController } from '../sandbox/refusal-stage.js';
import { accountOn } from '../support/account.js';
import { PLATFORMS, startHost, type HostAnswer, type HostApp } from '../support/host-app.js';
import { documentOf, validatorOf, type Schema } from './document.js';

const OPERATIONS = Object.keys(ENDPOINTS) as LalamoveOperation[];

/** Of the refusals without a rule, those that any call can get; the others are sent for calls that cannot get them. */
const SERVER_ERRORS = WITHOUT_RULE.filter(({ code }) => code === 'LALAMOVE_SERVER_ERROR');

/** One response of a document, as far as tests read it. */
interface DocumentedResponse {
  readonly description: string;
  readonly headers?: object;
  readonly content: Readonly<Record<string, { schema: Schema; examples?: Record<string, { value: unknown }> }>>;
}

const sandboxes = new Map<Dialect, LalamoveSandbox>();

beforeAll(async () => {
  for (const dialect of ['v3', 'v2'] as const) {
    const clock = new SandboxClock({ speed: 0, startAt: '2026-11-22T08:00:00Z' });
    const accounts = [OTHER_CUSTOMER, THAI];
    sandboxes.set(dialect, await LalamoveSandbox.start({ clock, dialect, validation: 'codes', accounts }));
  }
});

afterAll(async () => {
  for (const sandbox of sandboxes.values()) await sandbox.stop();
});

const CASES = PLATFORMS.flatMap((platform) =>
  (['mirror', 'gateway'] as const).flatMap((status) =>
    (['nest', 'problem'] as const).map((format): [string, Policy, Format] => [platform, status, format]),
  ),
);

describe.each(CASES)('the documented errors on %s with %s and %s', (platform, status, format) => {
  const stages = new Map<Dialect, Stage>();
  const hosts: HostApp[] = [];
  let document: OpenAPIObject;

  beforeAll(async () => {
    document = await documentOf([controllerOfCalls(OPERATIONS, { status, format })]);
    for (const [dialect, sandbox] of sandboxes) {
      const account = accountOn(sandbox, { clock: sandbox.clock, errors: { status, format } });
      const imports = [HttpModule, LalamoveModule.forRoot(account)];
      const controllers = [StorefrontController, BytesController, WebhookController];
      const host = await startHost(platform as 'express', { imports, controllers });
      hosts.push(host);
      stages.set(dialect, new Stage(sandbox, host));
    }
  });

  afterAll(async () => {
    for (const { app } of hosts) await app.close();
  });

  beforeEach(async () => {
    for (const sandbox of sandboxes.values()) await sandbox.control.clear();
  });

  it.each([...RULES, ...SERVER_ERRORS])('cover $status $code in $dialect, by $by', async ({ dialect, provoke }) => {
    const stage = stages.get(dialect);
    if (!stage) throw new TypeError(`There is no stage for ${dialect}.`);
    const answer = await provoke(stage);
    const { method, path } = stage.sandbox.requests.at(-1) ?? { method: '', path: '' };
    const call = operationsOfPath(path.split('?', 1)[0] ?? '').find((each) => each.method === method);
    // A path that the API does not have is no call.
    const operation = call?.operation ?? 'getCities';
    expectCovered(document, operation, answer, format);
  });

  it('cover an input that the local checks refuse, and a wrong id', async () => {
    const stage = stages.get('v3');
    if (!stage) throw new TypeError('There is no stage.');
    expectCovered(document, 'createQuotation', await stage.quote({ stops: [] }), format);
    expectCovered(document, 'addPriorityFee', await stage.hurry('lalamove/orders/1', 'much'), format);
  });
});

describe('the documented errors', () => {
  let document: OpenAPIObject;
  const policies = { status: 'gateway', format: 'nest' } as const;

  beforeAll(async () => {
    document = await documentOf([controllerOfCalls(OPERATIONS, {})]);
  });

  it('name every code of the catalog for at least one call', () => {
    const named = new Set(OPERATIONS.flatMap((operation) => codesOf(document, operation)));
    const codes = ERROR_CATALOG.map(({ code }) => code).filter((code) => code !== 'LALAMOVE_ABORTED');
    expect([...named].sort()).toEqual([...codes].sort());
  });

  it('have examples that are valid by their own schemas', () => {
    for (const operation of OPERATIONS) {
      for (const { content } of Object.values(responsesOf(document, operation))) {
        for (const { schema, examples = {} } of Object.values(content)) {
          const isValid = validatorOf(document, schema);
          for (const [code, { value }] of Object.entries(examples)) {
            expect([operation, code, isValid(value)]).toEqual([operation, code, true]);
          }
        }
      }
    }
  });

  it('differ by what a call can do: an outcome is unknown only of one that must not be repeated', () => {
    const unknown = OPERATIONS.filter((name) => codesOf(document, name).includes('LALAMOVE_OUTCOME_UNKNOWN'));
    expect(unknown).toEqual(OPERATIONS.filter((name) => !ENDPOINTS[name].repeatable));
    expect(codesOf(document, 'placeOrder')).not.toContain('LALAMOVE_SERVER_ERROR');
    expect(codesOf(document, 'getCities')).not.toContain('ERR_ORDER_NOT_FOUND');
  });

  it('show no account, key or wallet under gateway', async () => {
    const concealing = await documentOf([controllerOfCalls(['placeOrder'], policies)]);
    const responses = responsesOf(concealing, 'placeOrder');
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(['409', '422', '502', '503', 'default']));
    expect(Object.keys(responses)).not.toEqual(expect.arrayContaining(['401']));
    expect(JSON.stringify(responses)).not.toMatch(/CREDIT|UNAUTHORIZED|wallet/i);
  });

  it('say in which header the time of a retry is', () => {
    const { 429: limited, 404: missing } = responsesOf(document, 'getOrder');
    expect(limited?.headers).toHaveProperty(['Retry-After']);
    expect(missing?.headers).toBeUndefined();
  });

  it('are those of several calls together, in the format of the app', async () => {
    const ApiErrors = apiLalamoveErrorsWith({ format: 'problem' });
    @Controller('orders')
    class OrdersController {
      @Get()
      @ApiErrors('getOrder', 'getDriver')
      find(): void {
        throw createLalamoveException('ERR_ORDER_NOT_FOUND');
      }
    }
    const { paths } = await documentOf([OrdersController]);
    const missing = paths['/orders']?.get?.responses['404'] as unknown as DocumentedResponse;
    expect(Object.keys(missing.content['application/problem+json']?.examples ?? {}).sort()).toEqual(
      ['ERR_DRIVER_NOT_FOUND', 'ERR_ORDER_NOT_FOUND', 'LALAMOVE_NOT_FOUND'].sort(),
    );
  });

  it('refuse a call that does not exist', () => {
    const misspelt = 'placeOrders' as DocumentedCall;
    expect(() => ApiLalamoveErrors(misspelt)).toThrow(/does not know the call "placeOrders".*'placeOrder'/s);
  });
});

/** A controller with one documented route for each call. */
function controllerOfCalls(calls: readonly DocumentedCall[], options: { status?: Policy; format?: Format }) {
  class CallsController {}
  for (const call of calls) {
    const method = (): void => undefined;
    Object.defineProperty(CallsController.prototype, call, { value: method, configurable: true, writable: true });
    const descriptor = Object.getOwnPropertyDescriptor(CallsController.prototype, call);
    if (!descriptor) throw new TypeError('The method is missing.');
    Get(call)(CallsController.prototype, call, descriptor);
    ApiLalamoveErrors([call], options)(CallsController.prototype, call, descriptor);
  }
  Controller('calls')(CallsController);
  return CallsController;
}

function responsesOf(document: OpenAPIObject, call: DocumentedCall): Record<string, DocumentedResponse> {
  const responses = Object.entries(document.paths[`/calls/${call}`]?.get?.responses ?? {});
  return Object.fromEntries(responses.filter(([status]) => status !== '200')) as Record<string, never>;
}

function codesOf(document: OpenAPIObject, call: DocumentedCall): string[] {
  return Object.values(responsesOf(document, call)).flatMap(({ content }) =>
    Object.values(content).flatMap(({ examples = {} }) => Object.keys(examples)),
  );
}

/** A real answer has its status, its content type, its code and its body in the document. */
function expectCovered(document: OpenAPIObject, call: DocumentedCall, answer: HostAnswer, format: Format): void {
  const response = responsesOf(document, call)[answer.status];
  expect([call, answer.status, response !== undefined]).toEqual([call, answer.status, true]);
  const [type = ''] = answer.headers.get('content-type')?.split(';') ?? [];
  expect(type).toBe(format === 'problem' ? 'application/problem+json' : 'application/json');
  const content = response?.content[type];
  expect(Object.keys(content?.examples ?? {})).toContain(answer.body.code);
  const isValid = validatorOf(document, content?.schema ?? {});
  expect([isValid(answer.body), isValid.errors]).toEqual([true, null]);
  if (answer.headers.has('retry-after')) expect(response?.headers).toHaveProperty(['Retry-After']);
}
