import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { NotFoundException, type INestApplication } from '@nestjs/common';
import { OnLalamoveEvent, type LalamoveEvent } from 'nestjs-lalamove';
import { DeliveriesService, type Delivery } from 'nestjs-lalamove/deliveries';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { PLATFORMS, startHost } from '../support/host-app.js';
import { QUOTATION } from '../support/inputs.js';
import { until } from '../support/until.js';
import { AppModule } from './examples/marketplace/app.module.js';
import { MerchantCouriers } from './examples/marketplace/merchant-couriers.js';
import { Merchants } from './examples/marketplace/merchants.js';

const environment = { ...process.env };
const workingFolder = process.cwd();
const MERCHANT = { id: 'merchant-7', apiKey: 'pk_test_merchant', apiSecret: 'sk_test_merchant', market: 'HK' };
const CONTACT = { name: 'Ada', phone: '+85251234567' };
const BOOKING = { reference: 'A-1', quotation: QUOTATION, sender: CONTACT, recipients: [CONTACT] };

class Seen {
  readonly events: string[] = [];

  @OnLalamoveEvent('ORDER_STATUS_CHANGED')
  onStatus({ account }: LalamoveEvent): void {
    this.events.push(account ?? 'none');
  }
}

describe.each(PLATFORMS)('the marketplace of docs/guides/accounts.md on %s', (platform) => {
  let sandbox: LalamoveSandbox;
  let app: INestApplication;
  let url: string;
  let folder: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'marketplace-'));
    process.chdir(folder);
    const { apiKey, apiSecret } = MERCHANT;
    sandbox = await LalamoveSandbox.start({ accounts: [{ apiKey, apiSecret }], rateLimits: false });
    Object.assign(process.env, {
      LALAMOVE_API_KEY: sandbox.apiKey,
      LALAMOVE_API_SECRET: sandbox.apiSecret,
      LALAMOVE_MARKET: 'HK',
      LALAMOVE_BASE_URL: sandbox.url,
    });
    ({ app, url } = await startHost(platform, { imports: [AppModule], providers: [Seen] }));
    app.get(Merchants, { strict: false }).rows.push(MERCHANT, { ...MERCHANT, id: 'wrong', apiSecret: 'sk_test_wrong' });
  });

  afterEach(async () => {
    await app.close();
    await sandbox.stop();
    process.chdir(workingFolder);
    rmSync(folder, { recursive: true, force: true });
    process.env = { ...environment };
  });

  it('calls, books and receives webhooks with the keys of a merchant', async () => {
    const couriers = app.get(MerchantCouriers);
    expect(await couriers.connect('merchant-7', `${url}/webhooks/lalamove`)).toBe(true);
    expect((await couriers.quote('merchant-7', QUOTATION)).quotationId).toMatch(/^\d+$/);
    await couriers.book('merchant-7', BOOKING);
    const deliveries = app.get(DeliveriesService, { strict: false });
    const delivery = (): Promise<Delivery> => deliveries.get('A-1', { account: 'merchant-7' });
    while ((await delivery()).state !== 'assigning') await setTimeout(10);
    sandbox.drive((await delivery()).orderId ?? '', { do: 'accept' });
    while ((await delivery()).state !== 'on_going') await setTimeout(10);
    await until(() => app.get(Seen).events.includes('merchant-7'), 20_000);
    const keys = new Set(sandbox.requests.map(({ apiKey }) => apiKey));
    expect([...keys]).toEqual([MERCHANT.apiKey]);
  });

  it('recognises wrong keys and unknown merchants', async () => {
    const couriers = app.get(MerchantCouriers);
    expect(await couriers.connect('wrong', `${url}/webhooks/lalamove`)).toBe(false);
    await expect(couriers.quote('nobody', QUOTATION)).rejects.toBeInstanceOf(NotFoundException);
  });
});
