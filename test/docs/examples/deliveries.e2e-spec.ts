import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { plainToInstance } from 'class-transformer';
import { sql } from 'kysely';
import { LalamoveModule, lalamoveOptionsFromEnv, LalamoveService } from 'nestjs-lalamove';
import { BookDeliveryDto, DeliveriesService } from 'nestjs-lalamove/deliveries';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { until } from '../../support/until.js';
import { fencesOf } from '../fences.js';
import { AppModule } from './deliveries/app.module.js';
import { DeliveryExamples, Vault, VaultModule, withMerchants, withPolicy } from './deliveries/operations.js';

const environment = { ...process.env };
const folder = process.cwd();
let place: string;
let sandbox: LalamoveSandbox;
let app: INestApplication | undefined;

beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), 'lalamove-docs-'));
  process.chdir(place);
  sandbox = await LalamoveSandbox.start({ drivers: 'prompt' });
  process.env.LALAMOVE_API_KEY = sandbox.apiKey;
  process.env.LALAMOVE_API_SECRET = sandbox.apiSecret;
  process.env.LALAMOVE_MARKET = 'HK';
  process.env.LALAMOVE_BASE_URL = sandbox.url;
});

afterEach(async () => {
  await app?.close();
  app = undefined;
  await sandbox.stop();
  process.env = { ...environment };
  process.chdir(folder);
  rmSync(place, { recursive: true });
  jest.restoreAllMocks();
});

/** The body that the page sends by curl. */
function bookingOfPage(): string {
  const curl = fencesOf('docs/guides/deliveries.md').find(({ code }) => code.startsWith('curl'))?.code ?? '';
  return /-d '([\s\S]*)'/.exec(curl)?.[1] ?? '';
}

function sentByPage(): unknown {
  return JSON.parse(bookingOfPage());
}

describe('the examples of docs/guides/deliveries.md', () => {
  it('book one courier for what is sent twice, follow it, and tell of its end', async () => {
    const log = jest.spyOn(console, 'log').mockImplementation(() => undefined);
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    app = module.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    await app.get(LalamoveService).setWebhookUrl(`${url}/webhooks/lalamove`);
    const headers = { 'content-type': 'application/json' };
    const body = bookingOfPage();
    for (let times = 0; times < 2; times += 1) {
      expect((await fetch(`${url}/orders`, { method: 'POST', headers, body })).status).toBe(201);
    }
    await until(() => sandbox.orders.length > 0);
    for (const { orderId } of sandbox.orders) {
      sandbox.moveOrder(orderId, 'ON_GOING');
      sandbox.moveOrder(orderId, 'PICKED_UP');
      sandbox.moveOrder(orderId, 'COMPLETED');
    }
    await until(() => log.mock.calls.length > 0);
    const [order] = sandbox.orders;
    expect(log).toHaveBeenCalledWith(`A-1 was delivered as ${order?.orderId ?? ''}`);
    expect(sandbox.orders).toHaveLength(1);
    expect((await fetch(`${url}/orders/A-1`, { method: 'DELETE' })).status).toBe(409);
  });

  it("commit a delivery with the host's own row, and copy the database", async () => {
    const module = await Test.createTestingModule({ imports: [AppModule], providers: [DeliveryExamples] }).compile();
    app = module.createNestApplication({ logger: false });
    await app.init();
    const examples = app.get(DeliveryExamples);
    const deliveries = app.get(DeliveriesService);
    await sql`create table shop_orders (id text)`.execute(deliveries.database);
    const delivery = plainToInstance(BookDeliveryDto, sentByPage());
    await examples.bookWithOrder(delivery);
    expect(await deliveries.get('A-1')).toMatchObject({ reference: 'A-1' });
    for (const resolve of [examples.follow('A-1', '1'), examples.rebook('A-1'), examples.end('A-1')]) {
      await expect(resolve).rejects.toMatchObject({ code: 'LALAMOVE_DELIVERY_CONFLICT' });
    }
    await examples.bookWithoutDriverChange({ ...delivery, reference: 'A-2' });
    await examples.backup();
    await examples.compact();
    expect(existsSync('backups/monday.db')).toBe(true);
  });

  it("book with a merchant's keys", async () => {
    const account = LalamoveModule.forRootAsync({ useFactory: () => lalamoveOptionsFromEnv() });
    const imports = [account, VaultModule, withMerchants()];
    const module = await Test.createTestingModule({ imports, providers: [DeliveryExamples] }).compile();
    app = module.createNestApplication({ logger: false });
    const { apiKey, apiSecret } = sandbox;
    app.get(Vault).keys.set('merchant-7', { apiKey, apiSecret, market: 'HK' });
    await app.init();
    await app.get(DeliveryExamples).bookForMerchant(plainToInstance(BookDeliveryDto, sentByPage()));
    await until(() => sandbox.orders.length > 0);
    expect(sandbox.orders).toHaveLength(1);
  });

  it('take a policy', async () => {
    const module = await Test.createTestingModule({ imports: [withPolicy()] }).compile();
    app = module.createNestApplication({ logger: false });
    await app.init();
    expect(await app.get(DeliveriesService).metrics()).toMatchObject({ pendingEvents: 0 });
  });
});
