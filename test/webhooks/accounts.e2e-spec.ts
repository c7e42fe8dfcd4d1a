import { afterEach, describe, expect, it } from '@jest/globals';
import { Body, Controller, HttpCode, Injectable, Module, Post, Req, type INestApplication } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import {
  InjectLalamoveWebhooks,
  LalamoveModule,
  LalamoveService,
  lalamoveOptionsFromEnv,
  LalamoveWebhooks,
  signWebhook,
  type LalamoveWebhookOptions,
} from 'nestjs-lalamove';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { accountOn } from '../support/account.js';
import { PLATFORMS } from '../support/host-app.js';
import { failureOf, KEYS } from '../support/lalamove.js';
import { until } from '../support/until.js';
import { Ledger, LineLogger, oneAccount, send, startWebhookHost, STATUS_DATA } from './webhook-host.js';

let app: INestApplication | undefined;
let url = '';

async function start(...given: Parameters<typeof startWebhookHost>): Promise<INestApplication> {
  ({ app, url } = await startWebhookHost(...given));
  return app;
}

afterEach(async () => {
  await app?.close();
  app = undefined;
});

let count = 0;
/** Signs a new event and sends it. @returns the status of the answer */
async function sent(more: Partial<Parameters<typeof signWebhook>[0]> = {}, to = '/hooks'): Promise<number> {
  const data = { ...STATUS_DATA, count: (count += 1) };
  return (await send(url + to, signWebhook({ secret: KEYS.apiSecret, path: '/hooks', data, ...more }).body)).status;
}

/** Waits until so many events have reached their handlers. @returns these events */
async function handled(most: number) {
  const { events } = (app ?? failed()).get(Ledger);
  await until(() => events.length >= most);
  return events;
}

function failed(): never {
  throw new Error('There is no app.');
}

describe('the options of an endpoint', () => {
  const webhook: LalamoveWebhookOptions = { path: 'hooks', secrets: ['sk_test_beside'] };
  const secret = 'sk_test_beside';

  it.each([
    ['are read beside the factory', { webhook }, {}],
    ['are read from the result of the factory', {}, { webhook }],
    ['are merged from both', { webhook: { path: 'hooks' } }, { webhook: { secrets: [secret] } }],
    [
      'are taken from the factory if both have them',
      { webhook: { ...webhook, path: 'other' } },
      { webhook: { path: 'hooks' } },
    ],
  ])('%s', async (_, beside, inside) => {
    for (const platform of PLATFORMS) {
      const imports = [
        LalamoveModule.forRootAsync({ ...beside, useFactory: () => Promise.resolve({ ...KEYS, ...inside }) }),
      ];
      await start(platform, { imports, providers: [Ledger] });
      expect(await sent({ secret })).toBe(200);
      expect(await sent()).toBe(401);
      expect(await handled(1)).toHaveLength(1);
      await app?.close();
    }
  });

  it('are read from the environment', async () => {
    const options = lalamoveOptionsFromEnv({
      LALAMOVE_API_KEY: KEYS.apiKey,
      LALAMOVE_API_SECRET: KEYS.apiSecret,
      LALAMOVE_MARKET: 'HK',
      LALAMOVE_WEBHOOK_PATH: 'hooks',
      LALAMOVE_WEBHOOK_PUBLIC_PATH: '/public/hooks',
      LALAMOVE_WEBHOOK_SECRETS: 'sk_test_old, sk_test_new',
      LALAMOVE_WEBHOOK_MAX_AGE_SECONDS: '60',
    });
    expect(options.webhook).toEqual({
      path: 'hooks',
      publicPath: '/public/hooks',
      secrets: ['sk_test_old', 'sk_test_new'],
      maxAgeSeconds: 60,
    });
    await start('express', { imports: [LalamoveModule.forRoot(options)], providers: [Ledger] });
    const old = Math.floor(Date.now() / 1000) - 90;
    expect(await sent({ secret: 'sk_test_old', path: '/public/hooks', timestamp: old })).toBe(200);
    expect(await sent({ secret: 'sk_test_new', path: '/public/hooks' })).toBe(200);
    expect(await handled(1)).toHaveLength(1);
  });

  it.each([
    ['hooks', '/hooks/'],
    ['/hooks', 'hooks'],
  ])('are refused at boot if two endpoints have one path: %s and %s', async (one, other) => {
    const imports = [
      LalamoveModule.forRoot({ ...KEYS, webhook: { path: one } }),
      LalamoveModule.forRoot({ ...KEYS, name: 'th', webhook: { path: other } }),
    ];
    const failure = await failureOf(start('express', { imports }));
    expect(failure.message).toBe(
      'Lalamove webhooks cannot be received:\n' +
        '  - The default account and The account "th" have their webhook endpoints on the same path, /hooks: ' +
        'give each its own path, or set resolveAccount on one of them.',
    );
  });

  it('are refused at boot if request-scoped options ask for an endpoint', async () => {
    const imports = [
      LalamoveModule.forRootAsync({
        inject: [REQUEST],
        useFactory: () => KEYS,
        name: 'th',
        webhook: { path: 'hooks' },
      }),
    ];
    const failure = await failureOf(start('express', { imports }));
    expect(failure.message).toMatch(
      /^Lalamove webhooks cannot be received:\n {2}- The account "th" creates its options for each request/,
    );
  });

  it('are reported in the log if request-scoped options ask for an endpoint too late', async () => {
    @Controller('late')
    class Late {
      constructor(readonly lalamove: LalamoveService) {}

      @Post()
      post(): void {
        // It is made for this.
      }
    }
    const logger = new LineLogger();
    const useFactory = () => ({ ...KEYS, webhook: { path: 'hooks' } });
    const imports = [LalamoveModule.forRootAsync({ inject: [REQUEST], useFactory })];
    await start('express', { imports, controllers: [Late] }, { logger });
    for (let turn = 0; turn < 2; turn += 1) expect((await send(`${url}/late`, '')).status).toBe(201);
    expect(logger.of('error')).toEqual([
      expect.stringMatching(/The default account creates its options for each request/),
    ]);
  });
});

describe.each(PLATFORMS)('the signed path on %s', (platform) => {
  it('is publicPath behind a proxy, and no other', async () => {
    await start(platform, oneAccount({ publicPath: '/public/hooks?shop=1' }));
    expect(await sent({ path: '/public/hooks?shop=1' })).toBe(200);
    expect([await sent(), await sent({ path: '/public/hooks' })]).toEqual([401, 401]);
    expect(await handled(1)).toHaveLength(1);
  });

  it('is that of webhook.url from the start, even if the URL cannot be registered yet', async () => {
    const options = { baseUrl: 'http://127.0.0.1:9', retry: { maxAttempts: 1 } };
    await start(platform, oneAccount({ url: 'https://shop.example/public/hooks' }, options));
    expect([await sent({ path: '/public/hooks' }), await sent()]).toEqual([200, 200]);
    expect(await handled(2)).toHaveLength(2);
  });

  it('is that of webhook.url for a route of the host', async () => {
    const webhook = { url: 'https://shop.example/own' };
    const imports = [LalamoveModule.forRoot({ ...KEYS, baseUrl: 'http://127.0.0.1:9', webhook })];
    const running = await start(platform, { imports });
    const { body } = signWebhook({ secret: KEYS.apiSecret, path: '/own', data: STATUS_DATA });
    expect(await running.get(LalamoveWebhooks).handle(body)).toBe('new');
  });

  it('is that of the URL given to setWebhookUrl, whose probe is answered', async () => {
    const sandbox = await LalamoveSandbox.start({ rateLimits: false });
    const imports = [LalamoveModule.forRoot(accountOn(sandbox, { webhook: { path: 'hooks' } }))];
    const running = await start(
      platform,
      { imports, providers: [Ledger] },
      { prepare: (made) => made.setGlobalPrefix('api') },
    );
    const secret = sandbox.apiSecret;
    const foreign = { secret, path: '/api/hooks?from=proxy' };
    expect(await sent(foreign, '/api/hooks')).toBe(401);
    await running.get(LalamoveService).setWebhookUrl(`${url}/api/hooks?from=proxy`);
    expect(await sent(foreign, '/api/hooks')).toBe(200);
    expect(await sent({ secret, path: '/api/hooks' }, '/api/hooks')).toBe(200);
    expect(await handled(2)).toHaveLength(2);
    await sandbox.stop();
  });
});

describe('several secrets', () => {
  it('are all accepted, so that one can replace the other', async () => {
    await start('express', oneAccount({ secrets: ['sk_test_old', 'sk_test_new'] }));
    expect([await sent({ secret: 'sk_test_old' }), await sent({ secret: 'sk_test_new' })]).toEqual([200, 200]);
    expect(await sent({ secret: KEYS.apiSecret })).toBe(401);
  });
});

describe('resolveAccount', () => {
  it('verifies the events of merchants, and is called once for each', async () => {
    const asked: string[] = [];
    const resolveAccount = (apiKey: string) => {
      asked.push(apiKey);
      return Promise.resolve(apiKey === 'pk_merchant' ? { secrets: 'sk_merchant', account: 'm-1' } : null);
    };
    await start('express', oneAccount({ resolveAccount }));
    const merchant = { apiKey: 'pk_merchant', secret: 'sk_merchant' };
    for (let flood = 0; flood < 10; flood += 1) {
      expect(await sent({ ...merchant, secret: 'sk_guess' })).toBe(401);
      expect(await sent({ ...merchant, apiKey: 'pk_unknown' })).toBe(401);
    }
    // The secret of the registration is also tried for an unknown key.
    expect([await sent(merchant), await sent(), await sent({ apiKey: KEYS.apiKey })]).toEqual([200, 200, 200]);
    const events = await handled(3);
    expect(events.map(({ account, apiKey }) => [account, apiKey])).toEqual([
      ['m-1', 'pk_merchant'],
      [undefined, KEYS.apiKey],
      [undefined, KEYS.apiKey],
    ]);
    expect(JSON.stringify(events)).not.toMatch(/pk_/);
    expect(asked).toEqual(['pk_merchant', 'pk_unknown', 'pk_test_webhook']);
  });

  it('is called again after a merchant changed the secret', async () => {
    let now = Date.now();
    const clock = { now: () => now, setTimeout: () => () => undefined };
    let secrets = 'sk_old';
    await start('express', oneAccount({ resolveAccount: () => ({ secrets }) }, { clock }));
    expect(await sent({ apiKey: 'pk_merchant', secret: 'sk_old' })).toBe(200);
    secrets = 'sk_new';
    expect(await sent({ apiKey: 'pk_merchant', secret: 'sk_new' })).toBe(401);
    now += 5000;
    expect(await sent({ apiKey: 'pk_merchant', secret: 'sk_new' })).toBe(200);
    expect(await sent({ apiKey: 'pk_merchant', secret: 'sk_old' })).toBe(401);
  });

  it.each<[string, () => never | Promise<never>]>([
    [
      'throws',
      () => {
        throw new Error('no database');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no database'))],
  ])('answers with 503 and logs the reason if it %s', async (_, resolveAccount) => {
    const logger = new LineLogger();
    await start('express', oneAccount({ resolveAccount }), { logger });
    expect(await sent({ apiKey: 'pk_merchant' })).toBe(503);
    expect(await sent({ apiKey: KEYS.apiKey })).toBe(200);
    expect(logger.of('error')).toEqual([expect.stringMatching(/code=LALAMOVE_WEBHOOK_NOT_TAKEN error=no database\)/)]);
  });
});

@Injectable()
class Queue {
  readonly jobs: { body: string }[] = [];
}

@Controller()
class OwnRoutes {
  constructor(
    private readonly webhooks: LalamoveWebhooks,
    @InjectLalamoveWebhooks('th') private readonly thai: LalamoveWebhooks,
    private readonly queue: Queue,
  ) {}

  @Post('own')
  @HttpCode(200)
  own(@Req() request: { rawBody: Uint8Array }): Promise<string> {
    return this.webhooks.handle(request.rawBody, { path: '/own' });
  }

  @Post('thai')
  @HttpCode(200)
  async verified(@Req() request: { rawBody: Uint8Array }): Promise<object> {
    return { type: (await this.thai.verify(request.rawBody, { path: 'thai' }))?.eventType ?? null };
  }

  @Post('queued')
  @HttpCode(200)
  queued(@Req() request: { rawBody: Buffer }): void {
    this.queue.jobs.push({ body: request.rawBody.toString() });
  }

  @Post('parsed')
  @HttpCode(200)
  async parsed(@Body() body: object): Promise<string> {
    return this.webhooks.handle(body, { path: '/parsed' });
  }
}

@Module({})
class OwnModule {}

describe.each(PLATFORMS)('a route of the host itself on %s', (platform) => {
  const thai = { ...KEYS, apiSecret: 'sk_test_thai', name: 'th' };
  const imports = [OwnModule, LalamoveModule.forRoot(KEYS), LalamoveModule.forRoot(thai)];
  const metadata = { imports, controllers: [OwnRoutes], providers: [Queue, Ledger] };
  const post = (path: string, body: string) =>
    send(url + path, body, { headers: { 'content-type': 'application/json' } });

  it('handles, verifies and queues webhooks', async () => {
    const running = await start(platform, metadata, { rawBody: true });
    const own = signWebhook({ secret: KEYS.apiSecret, path: '/own', data: STATUS_DATA }).body;
    expect(await post('/own', own)).toMatchObject({ status: 200, text: 'new' });
    expect(await post('/own', own)).toMatchObject({ status: 200, text: 'repeated' });
    expect(await post('/own', '{}')).toMatchObject({ status: 200, text: 'ignored' });
    const refused = await post('/own', own.replace('PICKED_UP', 'COMPLETED'));
    expect(refused.status).toBe(401);
    expect(JSON.parse(refused.text)).toMatchObject({ code: 'LALAMOVE_WEBHOOK_SIGNATURE' });
    const forThai = signWebhook({ secret: thai.apiSecret, path: '/thai', data: STATUS_DATA }).body;
    expect(JSON.parse((await post('/thai', forThai)).text)).toEqual({ type: 'ORDER_STATUS_CHANGED' });
    expect((await post('/thai', own)).status).toBe(401);
    expect(await handled(1)).toHaveLength(1);

    await post(
      '/queued',
      signWebhook({ secret: KEYS.apiSecret, path: '/queued', data: { ...STATUS_DATA, late: 1 } }).body,
    );
    const webhooks = running.get(LalamoveWebhooks);
    const [job] = running.get(Queue).jobs;
    for (const receipt of ['new', 'repeated']) {
      expect(await webhooks.handle(Buffer.from(job?.body ?? ''), { path: '/queued' })).toBe(receipt);
    }
    expect(await handled(2)).toHaveLength(2);
  });

  it('handles a body that has been parsed', async () => {
    await start(platform, metadata);
    const { body } = signWebhook({ secret: KEYS.apiSecret, path: '/parsed', data: STATUS_DATA });
    expect(await post('/parsed', JSON.stringify(JSON.parse(body), null, 2))).toMatchObject({
      status: 200,
      text: 'new',
    });
    expect(await post('/parsed', body)).toMatchObject({ status: 200, text: 'repeated' });
    expect((await post('/parsed', body.replace('PICKED_UP', 'COMPLETED'))).status).toBe(401);
    expect(await handled(1)).toHaveLength(1);
  });

  it('gets an error for a missing body and for an unknown path', async () => {
    const running = await start(platform, metadata);
    const own = signWebhook({ secret: KEYS.apiSecret, path: '/parsed', data: STATUS_DATA }).body;
    const webhooks = running.get(LalamoveWebhooks);
    const none: { body: object } = JSON.parse('{"body":null}') as { body: object };
    expect((await failureOf(webhooks.handle(none.body, { path: '/parsed' }))).message).toMatch(
      /^The body of a webhook must be the received bytes.* not null\. .*rawBody: true/,
    );
    expect((await failureOf(running.get(LalamoveWebhooks).verify(own))).message).toMatch(
      /^The signed path is not known\. Pass \{ path \}/,
    );
  });
});
