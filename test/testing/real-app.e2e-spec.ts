import { afterEach, describe, expect, it } from '@jest/globals';
import { Inject, Injectable, Logger, Module, type INestApplication, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  InjectLalamove,
  LalamoveModule,
  lalamoveOptionsFromEnv,
  LalamoveService,
  OnLalamoveEvent,
  type LalamoveAccountOptions,
  type LalamoveOptionsFactory,
} from 'nestjs-lalamove';
import { DeliveriesModule, DeliveriesService, type DeliveriesStorageProvider } from 'nestjs-lalamove/deliveries';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { LalamoveTestingModule, untilState } from 'nestjs-lalamove/testing';
import { existsSync, rmSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { booked } from '../support/inputs.js';
import { bookingOf } from '../support/sample-booking.js';
import { until } from '../support/until.js';

/** A file that no test may create. */
const FILE = join(tmpdir(), `lalamove-testing-${process.pid}`, 'deliveries.db');

/** Any connection through it fails: it stands for the network. */
class ForbiddenAgent extends Agent {
  override createConnection(): never {
    throw new Error('This test has used the network.');
  }
}

@Injectable()
class Tracking {
  readonly statuses: string[] = [];

  @OnLalamoveEvent('ORDER_STATUS_CHANGED')
  onStatus({ status }: { status: string }): void {
    this.statuses.push(status);
  }
}

/** Only the parts that an app of production has. */
const REAL: LalamoveAccountOptions = {
  apiKey: 'pk_prod_real',
  apiSecret: 'sk_prod_real',
  environment: 'production',
  market: 'HK',
  http: { httpAgent: new ForbiddenAgent(), proxy: { host: 'proxy.example', port: 1 }, headers: { 'x-shop': '7' } },
  errors: { status: 'gateway' },
  webhook: {
    path: 'webhooks/lalamove',
    publicPath: '/public/lalamove',
    url: 'https://shop.example/public/lalamove',
    secrets: ['sk_prod_real'],
  },
};

@Module({
  imports: [LalamoveModule.forRoot(REAL), DeliveriesModule.forRoot({ database: { file: FILE } })],
  providers: [Tracking],
})
class LiteralApp {}

const { webhook, ...WITHOUT_WEBHOOK } = REAL;

@Module({
  imports: [
    LalamoveModule.forRootAsync({ useFactory: () => WITHOUT_WEBHOOK, ...(webhook && { webhook }) }),
    DeliveriesModule.forRootAsync({ useFactory: () => ({ database: { file: FILE } }) }),
  ],
  providers: [Tracking],
})
class AsyncApp {}

/** No variable is set. */
@Module({
  imports: [
    LalamoveModule.forRootAsync({
      useFactory: () => lalamoveOptionsFromEnv({}),
      webhook: { path: 'webhooks/lalamove', url: 'https://shop.example/webhooks/lalamove' },
    }),
    DeliveriesModule.forRoot({ database: { file: FILE } }),
  ],
  providers: [Tracking],
})
class EnvironmentApp {}

@Injectable()
class Options implements LalamoveOptionsFactory {
  createLalamoveOptions(): LalamoveAccountOptions {
    return REAL;
  }
}

/** A storage and a queue that no test may use, in a process that does no work by itself. */
const FORBIDDEN: DeliveriesStorageProvider = {
  open: () => Promise.reject(new Error('This test has opened the storage.')),
};

@Module({
  imports: [
    LalamoveModule.forRootAsync({ useClass: Options }),
    DeliveriesModule.forRoot({ storage: FORBIDDEN, worker: false }),
  ],
  providers: [Tracking],
})
class SharedStorageApp {}

const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  expect(existsSync(FILE)).toBe(false);
  rmSync(FILE, { force: true });
});

describe('LalamoveTestingModule.forApp', () => {
  it.each<[string, Type]>([
    ['literals', LiteralApp],
    ['a factory, and options beside it', AsyncApp],
    ['an environment that is empty', EnvironmentApp],
    ['a class, with a storage of several processes', SharedStorageApp],
  ])('tests an app whose options are %s', async (_, App) => {
    const app = await started(App);
    const sandbox = app.get(LalamoveSandbox);
    const deliveries = app.get(DeliveriesService);
    await deliveries.book(bookingOf('A-1'));
    await untilState(deliveries, 'A-1', 'assigning');
    await sandbox.advance('2h');
    await untilState(deliveries, 'A-1', 'completed');
    await until(() => app.get(Tracking).statuses.includes('COMPLETED'));
    expect(app.get(Tracking).statuses).toContain('COMPLETED');
    expect(sandbox.ledgerFor({ reference: 'A-1' }).orderIds).toHaveLength(1);
    expect(sandbox.requests.every(({ verdict }) => verdict === 'right')).toBe(true);
    // Nobody has registered the URL of production.
    expect(sandbox.requests.filter(({ operation }) => operation === 'setWebhookUrl')).toEqual([]);
  });

  it('keeps what the app says of errors and headers', async () => {
    const app = await started(LiteralApp);
    const failing = app.get(LalamoveService).getOrder('1');
    await expect(failing).rejects.toMatchObject({ code: 'ERR_ORDER_NOT_FOUND' });
    expect(app.get(LalamoveSandbox).requests).toMatchObject([{ headers: { 'x-shop': '7', market: 'HK' } }]);
    app.get(LalamoveSandbox).respondNext({ code: 'LALAMOVE_UNAUTHORIZED' });
    const refused = app.get(LalamoveService).getOrder('1');
    await expect(refused).rejects.toMatchObject({ upstreamStatus: 401, status: 503 });
  });

  it('says that a factory has failed, without the values of options', async () => {
    const lines: string[] = [];
    const say = (line: string): unknown => lines.push(line);
    const logger = { log: say, warn: say, error: say };
    const imports = [EnvironmentApp, LalamoveTestingModule.forApp()];
    const module = await Test.createTestingModule({ imports }).setLogger(logger).compile();
    ends.push(() => module.close());
    expect(lines.filter((line) => line.startsWith('The factory of LalamoveModule failed'))).toHaveLength(1);
    Logger.overrideLogger(false);
  });

  it('says it as an error, which every logger of tests shows, if nothing stands beside the factory', async () => {
    const useFactory = (): never => {
      throw new Error('LALAMOVE_API_KEY is missing.');
    };
    const errors: string[] = [];
    const logger = { log: () => undefined, warn: () => undefined, error: (line: string) => errors.push(line) };
    const imports = [LalamoveModule.forRootAsync({ useFactory }), LalamoveTestingModule.forApp()];
    const module = await Test.createTestingModule({ imports }).setLogger(logger).compile();
    ends.push(() => module.close());
    expect(errors).toEqual([
      expect.stringMatching(/^The factory of LalamoveModule failed.*LALAMOVE_API_KEY is missing/),
    ]);
    Logger.overrideLogger(false);
  });

  it('gives each named account keys, a wallet and webhooks of its own', async () => {
    const path = (name: string): { webhook: { path: string } } => ({ webhook: { path: `webhooks/${name}` } });

    @Injectable()
    class Regions {
      constructor(
        @InjectLalamove('one') readonly one: LalamoveService,
        @InjectLalamove('two') readonly two: LalamoveService,
        @Inject(LalamoveService) readonly main: LalamoveService,
      ) {}
    }

    @Injectable()
    class Accounts {
      readonly seen = new Set<string>();

      @OnLalamoveEvent('ORDER_CREATED', { account: 'one' })
      onCreatedAtOne({ account = 'main' }: { account: string | undefined }): void {
        this.seen.add(account);
      }

      @OnLalamoveEvent('ORDER_CREATED', { account: 'two' })
      onCreatedAtTwo({ account = 'main' }: { account: string | undefined }): void {
        this.seen.add(account);
      }
    }

    @Module({
      imports: [
        LalamoveModule.forRoot({ ...REAL, name: 'one', ...path('one') }),
        LalamoveModule.forRoot({ ...REAL, name: 'two', ...path('two') }),
        LalamoveModule.forRoot({ ...REAL, ...path('main') }),
      ],
      providers: [Regions, Accounts],
    })
    class RegionsApp {}

    const app = await started(RegionsApp);
    const { one, two, main } = app.get(Regions);
    const { orderId } = await booked(one);
    await booked(two);
    await booked(main);
    await app.get(LalamoveSandbox).advance(0);
    expect([...app.get(Accounts).seen].sort()).toEqual(['one', 'two']);
    await expect(two.getOrder(orderId)).rejects.toMatchObject({ upstreamStatus: 403 });
  });
});

async function started(App: Type): Promise<INestApplication> {
  const imports = [App, LalamoveTestingModule.forApp({ drivers: 'prompt' })];
  const module = await Test.createTestingModule({ imports }).compile();
  const app = module.createNestApplication();
  app.useLogger(false);
  await app.listen(0, '127.0.0.1');
  ends.push(() => app.close());
  return app;
}
