import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { LalamoveService } from 'nestjs-lalamove';
import { LalamoveSandbox, SandboxClock } from 'nestjs-lalamove/sandbox';
import type { Page } from 'playwright-core';
import { STAFF_PASSWORD } from '../../examples/storefront/staff.guard.js';
import { StorefrontModule, WEBHOOK_PATH } from '../../examples/storefront/storefront.module.js';
import { accountOn } from '../support/account.js';
import { startHost, type HostApp } from '../support/host-app.js';
import { describeBrowser, expectSound, TestBrowser } from './support/browser.js';

const STAFF = { authorization: `Basic ${Buffer.from(`staff:${STAFF_PASSWORD}`).toString('base64')}` };

describeBrowser('the storefront, the sandbox’s page, the board and the tracking page', () => {
  let browser: TestBrowser;
  let sandbox: LalamoveSandbox;
  let host: HostApp;
  let sandboxPage: Page;
  let board: Page;

  beforeAll(async () => {
    browser = await TestBrowser.start();
  });

  afterAll(() => browser.stop());

  beforeEach(async () => {
    browser.problems.length = 0;
    const clock = new SandboxClock();
    sandbox = await LalamoveSandbox.start({ clock, drivers: 'still', rateLimits: false });
    const account = accountOn(sandbox, { clock, retry: { maxAttempts: 1 } });
    host = await startHost('express', {
      imports: [StorefrontModule.forRoot(account, { database: { file: ':memory:' }, clock })],
    });
    await host.app.get(LalamoveService).setWebhookUrl(`${host.url}/${WEBHOOK_PATH}`);
    sandboxPage = await browser.open(`${sandbox.url}/`);
    board = await browser.open(`${host.url}/board`, { headers: STAFF });
    for (const page of [sandboxPage, board]) page.setDefaultTimeout(15_000);
  });

  afterEach(async () => {
    await browser.closePages();
    await host.app.close();
    await sandbox.stop();
  });

  /** Orders on the shop's page. @returns the reference and the tracking page */
  async function checkOut(): Promise<{ reference: string; tracking: Page }> {
    const shop = await browser.open(`${host.url}/shop`);
    await shop.getByLabel('Name').fill('Ada Wong');
    await shop.getByRole('button').click();
    const link = shop.getByRole('link', { name: 'Follow your order' });
    const reference = (await shop.locator('b').first().textContent()) ?? '';
    const tracking = await browser.open(new URL((await link.getAttribute('href')) ?? '', host.url).href, {
      width: 390,
    });
    tracking.setDefaultTimeout(15_000);
    return { reference, tracking };
  }

  const press = (page: Page, name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click();

  /** Opens the order of a delivery on the sandbox's page. */
  const openOrder = (reference: string): Promise<void> => sandboxPage.getByText(reference).first().click();

  it('show a delivery from the checkout to its proof, each at the same time', async () => {
    const { reference, tracking } = await checkOut();
    await board.getByRole('link', { name: /Under way/ }).click();
    await board.getByText(reference).first().click();
    await openOrder(reference);
    await press(sandboxPage, 'Driver accepts');
    await tracking.getByText('Your driver').waitFor();
    await board.getByText('To the pick-up').last().waitFor();
    await press(sandboxPage, 'Pick up');
    await tracking.getByRole('heading', { name: /on its way/ }).waitFor();
    await press(sandboxPage, 'Deliver');
    await press(sandboxPage, 'Complete order');
    await tracking.getByRole('heading', { name: /arrived/ }).waitFor();
    // Its picture is loaded.
    await tracking.waitForFunction('[...document.images].some((image) => image.naturalWidth === 320)');
    await board.getByText('Completed', { exact: true }).last().waitFor();
    await board.getByText('Wallet', { exact: true }).waitFor();
    for (const page of [sandboxPage, board, tracking]) await expectSound(browser, page);
  });

  it('show a driver who gives the order back, and an order that customer service replaces', async () => {
    const { reference, tracking } = await checkOut();
    await openOrder(reference);
    await press(sandboxPage, 'Driver accepts');
    await tracking.getByText('Your driver').waitFor();
    await press(sandboxPage, 'Give back');
    await tracking.getByText('Your driver').waitFor({ state: 'detached' });
    await press(sandboxPage, 'Driver accepts');
    await tracking.getByText('Your driver').waitFor();
    await press(sandboxPage, 'Replace by another order');
    await board.getByRole('link', { name: /Under way/ }).click();
    await board.getByText(reference).first().click();
    await board
      .getByText(/replaced the order/)
      .first()
      .waitFor();
    expect(sandbox.ledgerFor({ reference }).live).toHaveLength(1);
    for (const page of [sandboxPage, board, tracking]) await expectSound(browser, page);
  });

  it('show a lost answer armed on the sandbox’s page, and an operator who resolves it on the board', async () => {
    await sandboxPage.getByRole('link', { name: /Faults/ }).click();
    await press(sandboxPage, 'Webhooks lost');
    await press(sandboxPage, 'Order placed, answer lost');
    const { reference, tracking } = await checkOut();
    await sandboxPage
      .getByText(/fired 1 ×/)
      .first()
      .waitFor();
    await board.getByRole('link', { name: /Under way/ }).click();
    await board.getByText(reference).first().click();
    await board.getByText('The answer to an order was lost').waitFor();
    const [orderId = ''] = sandbox.ledgerFor({ reference }).orderIds;
    await press(board, 'Give the order id…');
    await board.getByRole('textbox', { name: /Order id/ }).fill(orderId);
    await press(board, 'Follow this order');
    await board.getByText(/staff/).nth(1).waitFor();
    await board.getByText(orderId).first().waitFor();
    expect(sandbox.ledgerFor({ reference }).orderIds).toEqual([orderId]);
    await expectSound(browser, tracking);
    await expectSound(browser, board);
  });
});
