import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { LalamoveModule, LalamoveService, signWebhook } from 'nestjs-lalamove';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { accountOn } from '../support/account.js';
import { booked } from '../support/inputs.js';
import { until } from '../support/until.js';
import { ExampleProcess } from './example-process.js';
import { FieldsLogger } from './examples/logging/fields-logger.js';

let sandbox: LalamoveSandbox;

beforeEach(async () => {
  sandbox = await LalamoveSandbox.start({ rateLimits: false });
});

afterEach(() => sandbox.stop());

/** An order on the sandbox. */
async function order(): Promise<string> {
  const imports = [LalamoveModule.forRoot(accountOn(sandbox))];
  const module = await Test.createTestingModule({ imports }).compile();
  const { orderId } = await booked(module.get(LalamoveService));
  await module.close();
  return orderId;
}

describe('the example with nestjs-cls', () => {
  let example: ExampleProcess;

  beforeEach(async () => {
    example = await ExampleProcess.start('test/docs/examples/logging/main.ts', {
      LALAMOVE_API_KEY: sandbox.apiKey,
      LALAMOVE_API_SECRET: sandbox.apiSecret,
      LALAMOVE_MARKET: 'HK',
      LALAMOVE_BASE_URL: sandbox.url,
    });
  });

  afterEach(() => example.stop());

  const said = (text: string): string[] => example.lines.filter((line) => line.includes(text));

  it('marks the lines of a call with the id of its request, also of a call that is sent again', async () => {
    const orderId = await order();
    const ids = ['r-1', 'r-2', 'r-3'];
    sandbox.respondNext({ status: 500, body: '{}' });
    await Promise.all(ids.map((id) => fetch(`${example.url}/orders/${orderId}`, { headers: { 'x-request-id': id } })));
    await until(() => said('getOrder answered').length === 3, 20_000);
    const marks = said('getOrder answered').map((line) => line.split(' request=').at(-1));
    expect(marks.sort()).toEqual(ids);
    expect(said('getOrder will be repeated')).toEqual([expect.stringMatching(/ request=r-\d$/)]);
  });

  it("marks the lines of a webhook's handler with the event, and not with the webhook's request", async () => {
    const orderId = await order();
    const { body, headers } = signWebhook({
      secret: sandbox.apiSecret,
      path: '/webhooks/lalamove',
      eventType: 'ORDER_STATUS_CHANGED',
      data: { order: { orderId, status: 'ON_GOING' } },
    });
    const url = `${example.url}/webhooks/lalamove`;
    await fetch(url, { method: 'POST', body, headers: { ...headers, 'x-request-id': 'r-9' } });
    await until(() => said('getOrder answered').length === 1, 20_000);
    expect(said('getOrder answered')).toEqual([expect.stringMatching(/\) request=[\w-]{43}$/)]);
    expect(said('r-9')).toEqual([]);
  });
});

describe('the example that takes lines apart', () => {
  it('gives fields and a message to the logger', async () => {
    const told: { level: string; fields: object; message: string }[] = [];
    const at = (level: string) => (fields: object, message: string) => {
      told.push({ level, fields, message });
    };
    const structured = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
    const logger = new FieldsLogger(structured);
    const account = LalamoveModule.forRoot(accountOn(sandbox, { logger, retry: { maxAttempts: 2 } }));
    const module = await Test.createTestingModule({ imports: [account] }).compile();
    sandbox.respondNext({ status: 500, body: '{}' });
    await module.get(LalamoveService).getCities();
    logger.error('A line without fields', 'the stack');
    expect(told).toEqual([
      {
        level: 'warn',
        message: 'getCities will be repeated',
        fields: expect.objectContaining({ code: 'LALAMOVE_SERVER_ERROR', status: '500' }),
      },
      { level: 'debug', message: 'getCities answered', fields: expect.objectContaining({ attempts: '2' }) },
      { level: 'error', message: 'A line without fields', fields: { stack: 'the stack' } },
    ]);
    await module.close();
  });
});
