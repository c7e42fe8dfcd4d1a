import { afterEach, describe, expect, it } from '@jest/globals';
import type { HttpService } from '@nestjs/axios';
import { ValidationPipe, type INestApplication } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  createLalamoveException,
  getLalamoveHttpToken,
  getLalamoveToken,
  InvalidQuotationException,
  LalamoveModule,
  LalamoveOutcomeUnknownException,
  LalamoveService,
  signWebhook,
} from 'nestjs-lalamove';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { AppModule, fromConfig, Merchants, Regions } from './examples/accounts.js';
import { CallExamples } from './examples/calls.js';
import { ErrorExamples } from './examples/errors.js';
import { forAPublicApi, recorded, withHooks, withSharedBudget } from './examples/options.js';
import { acceptEmptyJson, HooksController } from './examples/own-route.controller.js';
import { PhilippineContactDto } from './examples/philippine-contact.dto.js';
import { written } from './examples/phones.js';
import { AppModule as WebhookModule, forMerchants } from './examples/webhooks.js';
import { fencesOf, pages, read, withoutIndentation } from './fences.js';

const ends: (() => Promise<unknown>)[] = [];
const environment = { ...process.env };

afterEach(async () => {
  process.env = { ...environment };
  for (const end of ends.splice(0)) await end();
});

describe('the code of the documents', () => {
  const held = pages()
    .flatMap(fencesOf)
    .filter(({ file }) => file !== undefined);

  it('is in files that are compiled', () => {
    expect(held.length).toBeGreaterThan(10);
    expect(held.filter(({ file }) => !/^test\/docs\/.*\.ts$/.test(file ?? ''))).toEqual([]);
  });

  it.each(held)('of $page equals the code in $file', ({ file = '', code }) => {
    expect(withoutIndentation(read(file))).toContain(withoutIndentation(code));
  });
});

describe('the examples of calls', () => {
  it('quote, order and read', async () => {
    const { module, sandbox } = await onSandbox(CallExamples);
    const examples = module.get(CallExamples);
    const { orderId } = await examples.quoteAndOrder();
    await examples.read(orderId);
    expect(sandbox.ledgerFor({ reference: 'A-1' }).orderIds).toEqual([orderId]);
  });

  it('make E.164 of phone numbers', () => {
    expect(written()).toEqual(['+639171234567', '+66812345678', '12']);
  });

  it('make E.164 of a phone before it is validated', async () => {
    const pipe = new ValidationPipe({ transform: true });
    const contactWith = (phone: string): Promise<unknown> =>
      pipe.transform({ name: 'Ada', phone }, { type: 'body', metatype: PhilippineContactDto });
    expect(await contactWith('0917 123 4567')).toEqual({ name: 'Ada', phone: '+639171234567' });
    await expect(contactWith('12')).rejects.toMatchObject({ status: 400 });
  });

  it('ask a person if the outcome is unknown', async () => {
    const unknown = createLalamoveException('LALAMOVE_OUTCOME_UNKNOWN', { sentRequestId: 'sent' });
    const examples = await onFailing(CallExamples, unknown);
    await expect(examples.placeOrAsk(ORDER)).rejects.toBeInstanceOf(LalamoveOutcomeUnknownException);
    expect(examples.asked).toEqual(['sent']);
  });

  it('quote again if the quotation has expired', async () => {
    const expired = createLalamoveException('ERR_QUOTATION_EXPIRED');
    expect(expired).toBeInstanceOf(InvalidQuotationException);
    const examples = await onFailing(ErrorExamples, expired);
    expect(await examples.place(ORDER)).toBeUndefined();
  });
});

describe('the examples of options', () => {
  it('register accounts from the environment and from a service', async () => {
    Object.assign(process.env, variables('LALAMOVE_'), variables('LALAMOVE_TH_'));
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    const { hongKong, thailand } = module.get(Regions);
    expect(hongKong).not.toBe(thailand);
    expect(await Test.createTestingModule({ imports: [fromConfig()] }).compile()).toBeDefined();
  });

  it("use a merchant's keys", async () => {
    const { module, sandbox } = await onSandbox(Merchants);
    await expect(module.get(Merchants).priceOf('1', { ...sandbox })).rejects.toThrow();
  });

  it.each(Object.entries({ withSharedBudget, withHooks, forAPublicApi }))('are options: %s', async (_, imported) => {
    const keys = { apiKey: 'pk_test_key', apiSecret: 'sk_test_secret' };
    const module = await Test.createTestingModule({ imports: [imported(keys)] }).compile();
    const { axiosRef } = module.get<HttpService>(getLalamoveHttpToken());
    axiosRef.interceptors.request.use(() => Promise.reject(new Error('Nothing is sent in this test.')));
    await expect(module.get(LalamoveService).getOrder('1', { maxAttempts: 2 })).rejects.toThrow();
    expect(recorded).toHaveLength(imported === withHooks ? 3 : 0);
    recorded.length = 0;
  });
});

describe('the examples of webhooks', () => {
  it('mount an endpoint', async () => {
    Object.assign(process.env, variables('LALAMOVE_'));
    const module = await Test.createTestingModule({ imports: [WebhookModule] }).compile();
    const url = await listening(module.createNestApplication());
    expect((await fetch(`${url}/webhooks/lalamove`, { method: 'POST' })).status).toBe(200);
  });

  it("verify a merchant's webhook", async () => {
    const merchant = { id: 'merchant-7', apiSecret: 'sk_test_merchant' };
    const merchants = { byApiKey: (key: string) => Promise.resolve(key === 'pk_test_merchant' ? merchant : undefined) };
    const imports = [forMerchants('pk_test_key', 'sk_test_secret', merchants)];
    const module = await Test.createTestingModule({ imports }).compile();
    const url = await listening(module.createNestApplication());
    const statusFor = async (apiKey: string): Promise<number> => {
      const { body, headers } = signWebhook({ ...EVENT, apiKey, secret: merchant.apiSecret });
      return (await fetch(`${url}/webhooks/lalamove`, { method: 'POST', body, headers })).status;
    };
    expect([await statusFor('pk_test_merchant'), await statusFor('pk_test_other')]).toEqual([200, 401]);
  });

  it.each(['express', 'fastify'])("are received by the host's own route on %s", async (platform) => {
    const account = LalamoveModule.forRoot({ apiKey: 'pk_test_key', apiSecret: 'sk_test_secret', market: 'HK' });
    const module = await Test.createTestingModule({ imports: [account], controllers: [HooksController] }).compile();
    const url = await listening(platform === 'express' ? onExpress(module) : onFastify(module));
    const headers = { 'content-type': 'application/json' };
    const signed = signWebhook({ ...EVENT, path: '/hooks', secret: 'sk_test_secret' });
    const forged = signWebhook({ ...EVENT, path: '/hooks', secret: 'sk_test_forged' });
    const statuses = [];
    for (const body of [undefined, signed.body, forged.body]) {
      const response = await fetch(`${url}/hooks`, { method: 'POST', headers, ...(body !== undefined && { body }) });
      statuses.push(response.status);
    }
    expect(statuses).toEqual([200, 200, 401]);
  });
});

const EVENT = { path: '/webhooks/lalamove', data: { order: { orderId: '1', status: 'COMPLETED' } } };

const CONTACT = { stopId: '1', name: 'Ada', phone: '+85251234567' };
const ORDER = { quotationId: '1', sender: CONTACT, recipients: [CONTACT] };

async function onSandbox(provider: new (...args: never) => unknown): Promise<{
  module: TestingModule;
  sandbox: LalamoveSandbox;
}> {
  const sandbox = await LalamoveSandbox.start();
  ends.push(() => sandbox.stop());
  const { apiKey, apiSecret, url: baseUrl } = sandbox;
  const account = LalamoveModule.forRoot({ apiKey, apiSecret, market: 'HK', baseUrl });
  const module = await Test.createTestingModule({ imports: [account], providers: [provider] }).compile();
  ends.unshift(() => module.close());
  return { module, sandbox };
}

/** A provider whose service fails to place orders. */
async function onFailing<T>(provider: new (lalamove: LalamoveService) => T, error: Error): Promise<T> {
  const service = { provide: getLalamoveToken(), useValue: { placeOrder: () => Promise.reject(error) } };
  const module = await Test.createTestingModule({ providers: [provider, service] }).compile();
  return module.get(provider);
}

/** The variables of an account. */
function variables(prefix: string): Record<string, string> {
  return {
    [`${prefix}API_KEY`]: 'pk_test_key',
    [`${prefix}API_SECRET`]: 'sk_test_secret',
    [`${prefix}MARKET`]: 'HK',
  };
}

function onExpress(module: TestingModule): INestApplication {
  return module.createNestApplication({ rawBody: true });
}

function onFastify(module: TestingModule): INestApplication {
  const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { rawBody: true });
  acceptEmptyJson(app);
  return app;
}

async function listening(app: INestApplication): Promise<string> {
  app.useLogger(false);
  await app.listen(0, '127.0.0.1');
  ends.unshift(() => app.close());
  return app.getUrl();
}
