import { beforeEach, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Locator, Page } from 'playwright-core';
import { call } from '../sandbox/control-scene.js';
import { describeBrowser, expectSound } from './support/browser.js';
import { orderItem, SandboxPage } from './support/sandbox-page.js';

const HOSTILE = '<img src=x onerror=alert(1)>';
const RTL = '\u202eevil\u202d';

describeBrowser("the sandbox's page: orders", () => {
  const shown = SandboxPage.forSuite();
  const { scene } = shown;
  let page: Page;

  beforeEach(async () => {
    page = await shown.open();
  });

  const item = (text: string): Locator => orderItem(page, text);

  it('says what to do first, with options and a shell script that really places an order', async () => {
    await page.getByRole('heading', { name: 'No orders yet' }).waitFor();
    const options = await page.getByRole('region', { name: 'Paste it into your app' }).textContent();
    expect(options).toContain(`baseUrl: '${scene.sandbox.url}'`);
    await expectSound(shown.browser, page);
    await page.getByRole('tab', { name: 'npx' }).click();
    const command = await page.getByRole('region', { name: /in a terminal/ }).textContent();
    expect(command).toContain(`npx lalamove-sandbox --port ${new URL(scene.sandbox.url).port} `);
    await page.getByRole('tab', { name: 'curl' }).click();
    const script = await page.getByRole('region', { name: /Places an order/ }).textContent();
    const { stdout } = await promisify(execFile)('sh', ['-c', script ?? '']);
    expect(JSON.parse(stdout)).toMatchObject({ data: { status: 'ASSIGNING_DRIVER', metadata: { reference: 'A-1' } } });
    await item('A-1').waitFor();
    expect(scene.sandbox.requests.map(({ verdict }) => verdict)).toEqual(['right', 'right']);
  });

  it('shows an order at once, and moves it to its end by buttons', async () => {
    await scene.registerWebhooks();
    const id = await scene.book({ metadata: { reference: 'B-7' }, isPODEnabled: true });
    await item('B-7').getByRole('link').click();
    await page.getByRole('article', { name: `Order ${id}` }).waitFor();
    for (const [button, status] of [
      ['Driver accepts', 'on going'],
      ['Pick up', 'picked up'],
      ['Deliver, signed', 'picked up'],
      ['Complete order', 'completed'],
    ] as const) {
      await page.getByRole('button', { name: button, exact: true }).click();
      await item('B-7').getByText(status).waitFor();
    }
    await page.getByText('signed', { exact: true }).waitFor();
    expect(scene.sandbox.orders).toMatchObject([{ status: 'COMPLETED', stops: [{}, { POD: { status: 'SIGNED' } }] }]);
    await page.getByRole('img', { name: 'Proof at stop 1' }).waitFor();
    await page.getByRole('tab', { name: 'Timeline' }).click();
    for (const text of ['placeOrder', 'Step: accept', 'driver assigned']) await page.getByText(text).first().waitFor();
    await expectSound(shown.browser, page);
  });

  it('cancels, starts scripts, places the driver, and shows why a step is refused', async () => {
    const [one, two] = [await scene.book(), await scene.book()];
    await page.goto(`${scene.sandbox.url}/#/orders/${one}`);
    await page.getByRole('button', { name: 'Cancel by driver' }).click();
    await page.getByText('The order has ended. No step can follow.').waitFor();
    expect(scene.sandbox.orders[0]?.status).toBe('CANCELED');

    await page.goto(`${scene.sandbox.url}/#/orders/${two}`);
    await page.getByRole('button', { name: 'Driver accepts' }).click();
    await page.getByLabel('Place driver').fill('22.301, 114.201');
    await page.getByRole('button', { name: 'Place', exact: true }).click();
    await page.getByText('22.3010000, 114.2010000').waitFor();
    await page.getByRole('combobox', { name: 'Script', exact: true }).selectOption('prompt');
    await page.getByRole('button', { name: 'Start script' }).click();
    await page.getByText(/still to come: arrive, pick-up/).waitFor();
    await page.getByRole('button', { name: 'Advance the clock: +2 h' }).click();
    await page.getByText('The order has ended. No step can follow.').waitFor();
    expect(scene.sandbox.orders[1]?.status).toBe('COMPLETED');
    expect(shown.browser.problems).toEqual([]);
  });

  it('shows the names and texts of others as text, whatever is in them', async () => {
    const quoted = await scene.quote();
    const sender = { stopId: quoted.stops[0]?.stopId, name: HOSTILE, phone: '+85251234567' };
    const recipients = [
      { stopId: quoted.stops[1]?.stopId, name: `${RTL} 😀`, phone: '+85251234567', remarks: 'x'.repeat(1500) },
    ];
    await scene.order(quoted, { sender, recipients, metadata: { reference: HOSTILE } });
    await item(HOSTILE).getByRole('link').click();
    await page.getByText(`${HOSTILE} · +85251234567`).waitFor();
    await page.getByText(`${RTL} 😀 · +85251234567`).waitFor();
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    await page.setViewportSize({ width: 390, height: 800 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    await page.getByRole('tab', { name: 'JSON' }).click();
    await expectSound(shown.browser, page);
  });

  it('filters, and searches in orders, requests and events', async () => {
    await scene.registerWebhooks();
    const id = await scene.book({ metadata: { reference: 'NEEDLE-9' } });
    await scene.book({ metadata: { reference: 'OTHER-1' } });
    await item('OTHER-1').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('needle-9');
    await item('NEEDLE-9').waitFor();
    await item('OTHER-1').waitFor({ state: 'detached' });
    await page.getByRole('link', { name: /^Requests/ }).click();
    await page.getByText('1 request, latest first').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.press('Escape');
    await page.getByText(/^5 requests/).waitFor();
    await page.getByRole('link', { name: /^Orders/ }).click();
    scene.sandbox.moveOrder(id, 'ON_GOING');
    await page.getByLabel('Show').selectOption('ON_GOING');
    await page.getByText('1 order', { exact: true }).waitFor();
    expect(shown.browser.problems).toEqual([]);
  });

  it('is usable at every width, in both themes, by keyboard', async () => {
    await scene.registerWebhooks();
    const id = await scene.book();
    scene.sandbox.moveOrder(id, 'ON_GOING');
    const hashes = ['', `#/orders/${id}`, '#/requests/1', '#/webhooks', '#/faults', '#/log', '#/sandbox'];
    for (const [width, isDark] of [
      [390, true],
      [1280, false],
      [1440, true],
    ] as const) {
      const other = await shown.browser.open(`${scene.sandbox.url}/`, { width, isDark });
      for (const hash of hashes) {
        await other.goto(`${scene.sandbox.url}/${hash}`);
        await other.getByRole('navigation').waitFor();
        await other.waitForTimeout(150);
        expect(await other.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
        await expectSound(shown.browser, other);
      }
    }
    // The first order is the first link of the list.
    await page.getByLabel('Show').focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('article', { name: `Order ${id}` }).waitFor();
  });

  it('never shows a secret', async () => {
    await call(scene.sandbox, 'GET', '/v3/cities', undefined, { apiKey: 'pk_test_other', apiSecret: 'sk_test_other' });
    const texts: string[] = [];
    page.on('response', (response) => {
      void response.text().then(
        (text) => texts.push(text),
        () => undefined,
      );
    });
    for (const hash of ['#/requests/1', '#/sandbox', '#/faults', '#/webhooks']) {
      await page.goto(`${scene.sandbox.url}/${hash}`);
      await page.waitForTimeout(200);
    }
    expect(texts.length).toBeGreaterThan(0);
    expect(texts.filter((text) => text.includes('sk_test_other'))).toEqual([]);
  });
});
