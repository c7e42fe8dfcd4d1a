import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { startBoard, PATH } from '../board/board-host.js';
import { DeliveriesHost } from '../deliveries/deliveries-host.js';
import { bookingOf } from '../support/sample-booking.js';
import { startTracking, trackingOf } from '../tracking/tracking-host.js';
import { describeBrowser, expectSound, TestBrowser } from './support/browser.js';

/** A tile of one pixel. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** Would be run by a page that takes the attribution for HTML. */
const ATTRIBUTION = '© Maps <img src=x onerror="document.title=\'owned\'">';

describeBrowser('a map with tiles in Chromium', () => {
  let browser: TestBrowser;
  let tiles: Server;
  let origin: string;
  let asked: { path: string; referer: string | undefined }[];
  let host: DeliveriesHost;

  beforeAll(async () => {
    browser = await TestBrowser.start();
  });

  beforeEach(async () => {
    asked = [];
    tiles = createServer(({ url = '', headers }, response) => {
      asked.push({ path: url, referer: headers.referer });
      response.setHeader('content-type', 'image/png').end(PIXEL);
    });
    await new Promise<void>((resolve) => tiles.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(tiles.address() as AddressInfo).port}`;
  });

  afterEach(async () => {
    await browser.closePages();
    await host.stop();
    tiles.closeAllConnections();
    tiles.close();
    browser.problems.length = 0;
  });

  afterAll(() => browser.stop());

  const settings = (): { url: string; attribution: string } => ({
    url: `${origin}/{z}/{x}/{y}.png`,
    attribution: ATTRIBUTION,
  });

  /** The page has drawn tiles of this server, and may ask no other host. */
  async function expectTiles(page: Page, owner = host.url): Promise<void> {
    await page.locator('.leaflet-tile-loaded').first().waitFor();
    await page.getByText('© Maps <img').waitFor();
    expect(await page.title()).not.toBe('owned');
    expect(asked.length).toBeGreaterThan(0);
    for (const { path, referer } of asked) {
      expect(path).toMatch(/^\/\d+\/\d+\/\d+\.png$/);
      // Tile servers want to know whose map it is. The path of a tracking link is a secret.
      expect(referer).toBe(`${owner}/`);
    }
    const violation = page.evaluate(`new Promise((resolve) => {
      addEventListener('securitypolicyviolation', ({ blockedURI }) => resolve(blockedURI));
      new Image().src = 'https://tiles.example/1/1/1.png';
    })`);
    expect(await violation).toContain('https://tiles.example');
  }

  /** The one request that the test makes itself. */
  const OTHER = [/tiles\.example/];

  it('asks the given tile server alone on the tracking page', async () => {
    host = await startTracking({ sandbox: { drivers: 'still' }, tracking: { tiles: settings() } });
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
    const { orderId = '' } = await host.deliveries.get('A-1');
    await host.sandbox.control.drive(orderId, { do: 'accept' });
    await host.settle();
    const link = await trackingOf(host).linkFor('A-1');
    const page = await browser.open(`${host.url}${link}`, { width: 390 }, [
      ...OTHER,
      new RegExp(`request to ${origin}`),
    ]);
    await expectTiles(page);
    await expectSound(browser, page);
  });

  it("asks the given tile server alone on the sandbox's page", async () => {
    host = await DeliveriesHost.start({ sandbox: { drivers: 'still', tiles: settings() } });
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
    const { orderId = '' } = await host.deliveries.get('A-1');
    const allowed = [...OTHER, new RegExp(`request to ${origin}`)];
    const page = await browser.open(`${host.sandbox.url}/#/orders/${orderId}`, {}, allowed);
    await expectTiles(page, host.sandbox.url);
    await expectSound(browser, page);
  });

  it('asks the given tile server alone on the board', async () => {
    host = await startBoard({ sandbox: { drivers: 'still' }, board: { tiles: settings() } });
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
    const page = await browser.open(`${host.url}/${PATH}#/all/A-1`, { headers: { 'x-operator': 'clerk-7' } }, [
      ...OTHER,
      new RegExp(`request to ${origin}`),
    ]);
    await page.getByRole('tab', { name: /Stops/ }).click();
    await expectTiles(page);
    await expectSound(browser, page);
  });
});
