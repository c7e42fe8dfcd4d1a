import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LalamoveModule, LalamoveService } from 'nestjs-lalamove';
import { DeliveriesModule, DeliveriesService } from 'nestjs-lalamove/deliveries';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { DeliveriesTracking, DeliveriesTrackingModule } from 'nestjs-lalamove/tracking';
import { accountOn } from '../support/account.js';
import { freePort } from '../support/free-port.js';
import { PLATFORMS, type Platform } from '../support/host-app.js';
import { bookingOf } from '../support/sample-booking.js';
import { TRACKING } from '../tracking/tracking-host.js';
import { describeBrowser, expectSound, TestBrowser } from './support/browser.js';

describeBrowser('an open tracking page', () => {
  let browser: TestBrowser;
  let folder: string;

  beforeAll(async () => {
    browser = await TestBrowser.start();
    folder = await mkdtemp(join(tmpdir(), 'tracking-restart-'));
  });

  afterAll(async () => {
    await browser.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function serve(platform: Platform, sandbox: LalamoveSandbox, port: number): Promise<INestApplication> {
    const module = await Test.createTestingModule({
      imports: [
        LalamoveModule.forRoot(accountOn(sandbox, { webhook: { path: 'webhooks' } })),
        DeliveriesModule.forRoot({ database: { file: join(folder, `${platform}.db`) } }),
        DeliveriesTrackingModule.forRoot(TRACKING),
      ],
    }).compile();
    const app =
      platform === 'fastify' ? module.createNestApplication(new FastifyAdapter()) : module.createNestApplication();
    app.useLogger(false);
    await app.listen(port, '127.0.0.1');
    return app;
  }

  it.each(PLATFORMS)('survives a restart of the server on %s, and goes on live', async (platform) => {
    const sandbox = await LalamoveSandbox.start({ drivers: 'still' });
    const port = await freePort();
    let app = await serve(platform, sandbox, port);
    await app.get(LalamoveService).setWebhookUrl(`http://127.0.0.1:${port}/webhooks`);
    await app.get(DeliveriesService).book(bookingOf('A-1'));
    const link = await app.get(DeliveriesTracking).linkFor('A-1');
    const page = await browser.open(`http://127.0.0.1:${port}${link}`, { width: 390 }, [
      /ERR_CONNECTION|ERR_EMPTY|ERR_INCOMPLETE/,
    ]);
    await page.locator('h1').filter({ hasText: 'We are looking for a driver' }).waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    const closing = performance.now();
    await app.close();
    // Open streams do not hold the server up.
    expect(performance.now() - closing).toBeLessThan(4000);
    await page.getByText(/^No connection/).waitFor();
    // What was known stays.
    expect(await page.locator('h1').textContent()).toBe('We are looking for a driver');
    app = await serve(platform, sandbox, port);
    await page.getByText('Live', { exact: true }).waitFor();
    const { orderId = '' } = await app.get(DeliveriesService).get('A-1');
    await sandbox.control.drive(orderId, { do: 'accept' });
    await page.locator('h1').filter({ hasText: 'A driver is on the way to collect' }).waitFor();
    await expectSound(browser, page);
    await browser.closePages();
    await app.close();
    await sandbox.stop();
  });
});
