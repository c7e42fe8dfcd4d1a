import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { setTimeout } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import type { DriverStep } from 'nestjs-lalamove/sandbox';
import type { DeliveriesHost } from '../deliveries/deliveries-host.js';
import { bookingOf } from '../support/sample-booking.js';
import { startTracking, trackingOf, type TrackingHostOptions } from '../tracking/tracking-host.js';
import { describeBrowser, expectSound, TestBrowser, type PageOptions } from './support/browser.js';

/** Where pictures of every state are written, to look at them. */
const SHOTS = process.env.LALAMOVE_TEST_SHOTS;

describeBrowser('the tracking page in Chromium', () => {
  let browser: TestBrowser;
  let host: DeliveriesHost;

  beforeAll(async () => {
    browser = await TestBrowser.start();
  });

  afterEach(async () => {
    await browser.closePages();
    await host.stop();
    browser.problems.length = 0;
  });

  afterAll(() => browser.stop());

  async function start(options: TrackingHostOptions = {}): Promise<void> {
    host = await startTracking({
      ...options,
      sandbox: { drivers: 'still', ...options.sandbox },
      tracking: {
        driverPhone: true,
        brand: {
          name: 'Corner Bakery',
          accent: '#0a7d4f',
          support: { phone: '+85221234567', email: 'hi@bakery.example' },
        },
        ...options.tracking,
      },
    });
  }

  const open = async (reference: string, options: PageOptions = {}, query = ''): Promise<Page> =>
    browser.open(`${host.url}${await trackingOf(host).linkFor(reference)}${query}`, {
      width: 390,
      height: 844,
      ...options,
    });

  async function drive(reference: string, step: DriverStep): Promise<void> {
    const { orderId = '' } = await host.deliveries.get(reference);
    await host.sandbox.control.drive(orderId, step);
    await host.settle();
  }

  async function shoot(page: Page, name: string): Promise<void> {
    if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true });
  }

  it('shows a delivery live from the booking to the proof', async () => {
    await start();
    await host.deliveries.book(bookingOf('A-1', { isPODEnabled: true }));
    await host.settle();
    const page = await open('A-1');
    const headline = page.locator('h1');
    await headline.filter({ hasText: 'We are looking for a driver' }).waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    await shoot(page, 'finding');
    await drive('A-1', { do: 'accept' });
    await headline.filter({ hasText: 'A driver is on the way to collect' }).waitFor();
    await page.getByRole('link', { name: 'Call the driver' }).waitFor();
    await shoot(page, 'to-pick-up');
    await drive('A-1', { do: 'pick-up' });
    const { orderId = '' } = await host.deliveries.get('A-1');
    await host.sandbox.control.placeDriver(orderId, { lat: 22.29, lng: 114.02 });
    await host.clock.advance('20s');
    await headline.filter({ hasText: 'Your delivery is on its way' }).waitFor();
    await page.getByText(/in a straight line/).waitFor();
    await page.locator('.marker-courier').waitFor();
    await shoot(page, 'on-the-way');
    await expectSound(browser, page);
    await drive('A-1', { do: 'deliver' });
    await headline.filter({ hasText: 'Your delivery has arrived' }).waitFor();
    await drive('A-1', { do: 'complete' });
    await page.locator('img.proof-image').waitFor();
    await page.waitForFunction('document.querySelector("img.proof-image")?.naturalWidth > 0');
    await shoot(page, 'delivered');
    await expectSound(browser, page);
  });

  it('reads no driver for a page in the background, and is up to date when somebody looks again', async () => {
    await start();
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
    const page = await open('A-1');
    await page.getByText('Live', { exact: true }).waitFor();
    const becomes = async (state: 'hidden' | 'visible'): Promise<void> => {
      await page.evaluate(
        `Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true });
         document.dispatchEvent(new Event('visibilitychange'));`,
      );
    };
    const driverReads = async (): Promise<number> =>
      (await host.sandbox.control.requests()).filter(({ operation }) => operation === 'getDriver').length;
    await page.clock.install();
    await becomes('hidden');
    await page.clock.fastForward(59_000);
    await becomes('visible');
    await page.clock.fastForward(59_000);
    await becomes('hidden');
    await page.clock.fastForward(61_000);
    await setTimeout(300);
    await drive('A-1', { do: 'accept' });
    await setTimeout(300);
    expect(await driverReads()).toBe(0);
    await becomes('visible');
    await page.locator('h1').filter({ hasText: 'A driver is on the way to collect' }).waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    expect(await driverReads()).toBe(1);
    expect(browser.problems).toEqual([]);
  });

  it('says what a failure means, and whom to ask', async () => {
    await start();
    await host.deliveries.book(bookingOf('A-1', { isPODEnabled: true }));
    await host.settle();
    const page = await open('A-1', { isDark: true });
    for (const step of ['accept', 'pick-up', 'fail', 'complete'] as const) await drive('A-1', { do: step });
    await page.locator('h1').filter({ hasText: 'could not be handed over' }).waitFor();
    await page.getByText('Please contact Corner Bakery').first().waitFor();
    await page.getByRole('link', { name: 'Call Corner Bakery' }).waitFor();
    expect(await page.getByText('Delivered', { exact: true }).count()).toBe(0);
    await shoot(page, 'not-delivered-dark');
    await expectSound(browser, page);
  });

  it('shows a driver who leaves, and the next one', async () => {
    await start();
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
    const page = await open('A-1', { width: 1280, height: 900 });
    await drive('A-1', { do: 'accept' });
    const name = page.locator('.driver-name');
    await name.waitFor();
    const first = await name.textContent();
    await drive('A-1', { do: 'reject' });
    await page.locator('h1').filter({ hasText: 'We are looking for a driver' }).waitFor();
    await page.getByText('Looking for another driver').waitFor();
    expect(await name.count()).toBe(0);
    await drive('A-1', { do: 'accept' });
    await page.getByText('Another driver has taken over').waitFor();
    await name.waitFor();
    expect(await name.textContent()).not.toBe(first);
    await drive('A-1', { do: 'pick-up' });
    const { orderId = '' } = await host.deliveries.get('A-1');
    await host.sandbox.control.placeDriver(orderId, { lat: 22.29, lng: 114.02 });
    await host.clock.advance('20s');
    await page.locator('.marker-courier').waitFor();
    await shoot(page, 'desktop');
    await expectSound(browser, page);
  });

  it.each([
    ['canceled', 'Your delivery was cancelled'],
    ['needs_attention', 'Your delivery is delayed'],
  ])('shows a delivery that is %s', async (state, headline) => {
    await start();
    await host.deliveries.book(bookingOf('A-1', state === 'canceled' ? {} : { maxPrice: '1' }));
    await host.settle();
    if (state === 'canceled') await host.deliveries.cancel('A-1');
    await host.settle();
    expect((await host.deliveries.get('A-1')).state).toBe(state);
    const page = await open('A-1');
    await page.locator('h1').filter({ hasText: headline }).waitFor();
    // Why it waits is the host's own matter.
    expect(await page.content()).not.toMatch(/price|PRICE_ABOVE_MAX/i);
    await shoot(page, state);
    await expectSound(browser, page);
  });

  it.each([
    ['a tag', '<img src=x onerror="document.title=1">'],
    ['a change of direction', '\u202Emoc.elpmaxe\u202C'],
    ['1500 characters', 'W'.repeat(1500)],
    ['emoji', '👩‍👩‍👧‍👦🎂'.repeat(5)],
  ])('shows a name that is %s as text', async (_, name) => {
    await start({ tracking: { brand: { name: name.slice(0, 50).replace(/\p{Cc}/gu, '') } } });
    await host.deliveries.book(bookingOf('A-1', { recipients: [{ name, phone: '+85251234567' }] }));
    await host.settle();
    const page = await open('A-1');
    await page.locator('.address-name').waitFor();
    expect(await page.locator('.address-name').textContent()).toBe(name);
    expect(await page.title()).toContain('Your delivery from');
    const isWide = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
    expect(isWide).toBe(false);
    await expectSound(browser, page);
  });

  it('is mirrored in Arabic, with its numerals', async () => {
    await start();
    await host.deliveries.book(bookingOf('A-1', { isPODEnabled: true }));
    await host.settle();
    const page = await open('A-1', { language: 'ar-SA', timeZone: 'Asia/Riyadh' }, '?lang=ar');
    for (const step of ['accept', 'pick-up'] as const) await drive('A-1', { do: step });
    const { orderId = '' } = await host.deliveries.get('A-1');
    await host.sandbox.control.placeDriver(orderId, { lat: 22.29, lng: 114.02 });
    await host.clock.advance('20s');
    await page.locator('h1').filter({ hasText: 'طلبك في الطريق إليك' }).waitFor();
    await page.locator('.marker-courier').waitFor();
    expect(await page.evaluate('getComputedStyle(document.documentElement).direction')).toBe('rtl');
    const sides = async (selector: string): Promise<number> =>
      (await page.locator(selector).first().boundingBox())?.x ?? 0;
    expect(await sides('.step:first-child')).toBeGreaterThan(await sides('.step:last-child'));
    expect(await page.locator('.entry-time').first().textContent()).toMatch(/[٠-٩]/);
    await shoot(page, 'arabic');
    await expectSound(browser, page);
  });

  it.each(['zh-HK', 'zh-TW', 'ja', 'th', 'vi', 'id', 'ms', 'pt-BR', 'es-MX'])(
    'fits a phone in %s',
    async (language) => {
      await start();
      await host.deliveries.book(bookingOf('A-1', { isPODEnabled: true }));
      await host.settle();
      for (const step of ['accept', 'pick-up'] as const) await drive('A-1', { do: step });
      const page = await open('A-1', { language, width: 360 });
      await page.locator('.driver-name').waitFor();
      expect(await page.locator('html').getAttribute('lang')).toBe(language);
      expect(await page.locator('h1').textContent()).not.toContain('delivery');
      expect(await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth')).toBe(
        false,
      );
      await shoot(page, `language-${language}`);
      expect(browser.problems).toEqual([]);
    },
  );

  it.each([
    ['en-US', 'America/New_York', /\b3:00\sAM\b/],
    ['en-GB', 'Asia/Hong_Kong', /\b16:00\b/],
  ])('writes times for %s in %s', async (language, timeZone, written) => {
    await start();
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
    const page = await open('A-1', { language, timeZone });
    expect(await page.locator('.entry-time').last().textContent()).toMatch(written);
  });

  it('says of a revoked link no more than that it is not valid', async () => {
    await start();
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
    const page = await open('A-1', {}, '');
    await page.getByText('Live', { exact: true }).waitFor();
    await trackingOf(host).revoke('A-1');
    await host.settle();
    await page.locator('h1').filter({ hasText: 'This link is not valid' }).waitFor();
    expect(await page.content()).not.toMatch(/>Ada</);
    await shoot(page, 'gone');
    await expectSound(browser, page);
    const again = await browser.open(page.url(), { width: 390, isDark: true }, [/404/]);
    await again.locator('h1').filter({ hasText: 'This link is not valid' }).waitFor();
    await shoot(again, 'gone-dark');
    await expectSound(browser, again);
  });

  it('can be used by keyboard, and tells a screen reader what changes', async () => {
    await start();
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
    await drive('A-1', { do: 'accept' });
    const page = await open('A-1');
    const status = page.locator('.status [role=status]');
    expect(await status.textContent()).toContain('A driver is on the way to collect');
    const seen: string[] = [];
    for (let count = 0; count < 12; count += 1) {
      await page.keyboard.press('Tab');
      seen.push(String(await page.evaluate('document.activeElement?.textContent ?? ""')));
    }
    for (const name of ['Call the driver', 'Call Corner Bakery', 'Write to Corner Bakery'])
      expect(seen.some((text) => text.includes(name))).toBe(true);
    await page.getByText('Live', { exact: true }).waitFor();
    await drive('A-1', { do: 'pick-up' });
    await page
      .locator('.status [role=status]')
      .filter({ hasText: 'Your delivery is on its way' })
      .waitFor({ state: 'attached' });
  });
});
