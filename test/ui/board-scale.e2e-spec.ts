import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { PATH, startBoard } from '../board/board-host.js';
import type { DeliveriesHost } from '../deliveries/deliveries-host.js';
import { bookingOf } from '../support/sample-booking.js';
import { describeBrowser, expectSound, TestBrowser } from './support/browser.js';

const DELIVERIES = 100_000;

describeBrowser('the board with 100,000 deliveries in Chromium', () => {
  let browser: TestBrowser;
  let host: DeliveriesHost;

  beforeAll(async () => {
    browser = await TestBrowser.start();
    host = await startBoard({ sandbox: { drivers: 'still' } });
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
    // Copies of one that has ended, so that nothing is to be done for them.
    await sql`
      with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${DELIVERIES})
      insert into deliveries (id, account, reference, request_hash, request, schedule_at, state, version, due_at,
        lease_token, lease_until, order_id, progress, created_at, updated_at, unreadable_at)
      select 'copy-' || n, account, 'copy-' || n, request_hash, request, schedule_at, 'completed', version, null,
        null, null, null, progress, created_at - n, updated_at - n, null
      from deliveries, numbers where reference = 'A-1'`.execute(host.deliveries.database);
  }, 60_000);

  afterAll(async () => {
    await browser.stop();
    await host.stop();
  });

  it('draws the visible rows alone, scrolls, searches, and shows a change', async () => {
    const page = await browser.open(`${host.url}/${PATH}#/all`, { headers: { 'x-operator': 'clerk-7' } });
    await page.getByRole('link', { name: /A-1/ }).waitFor();
    await page.getByRole('link', { name: 'All 100,001' }).waitFor();
    await page.getByText('live', { exact: true }).waitFor();
    await host.deliveries.book(bookingOf('B-2'));
    await page.getByRole('link', { name: /B-2/ }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('copy-4999');
    await page.getByRole('link', { name: /copy-4999\b/ }).waitFor();
    await page.keyboard.press('Escape');
    for (const at of [100, 200, 300]) {
      await page
        .getByText(`${at + 100}+ shown`)
        .or(page.getByText(`${at}+ shown`))
        .first()
        .waitFor();
      await page.locator('.virtual-list').hover();
      await page.mouse.wheel(0, 100_000);
      await page.getByText(`${at + 100}+ shown`).waitFor();
    }
    expect(await page.locator('.item').count()).toBeLessThan(60);
    await expectSound(browser, page);
  }, 60_000);
});
