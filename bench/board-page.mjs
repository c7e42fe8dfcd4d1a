// Measures the operators' board in headless Chromium: see bench/pages.mjs.
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { sql } from 'kysely';
import { performance } from 'node:perf_hooks';
import 'reflect-metadata';
import { DeliveriesBoardModule } from '../dist/esm/board/index.js';
import { DeliveriesModule, DeliveriesService } from '../dist/esm/deliveries/index.js';
import { LalamoveModule } from '../dist/esm/index.js';
import { LalamoveSandbox } from '../dist/esm/sandbox/index.js';

const PERSON = { name: 'Ada', phone: '+85251234567' };

/**
 * @param {string} reference
 * @param {object} quotation
 */
const booking = (reference, quotation) => ({ reference, quotation, sender: PERSON, recipients: [PERSON] });

/**
 * Fills a database with deliveries that have ended, and looks at them.
 *
 * @param {import('playwright-core').Browser} browser
 * @param {object} quotation
 * @param {number} count
 * @param {number} rounds
 */
export async function measureBoard(browser, quotation, count, rounds) {
  const sandbox = await LalamoveSandbox.start({ rateLimits: false });
  const { apiKey, apiSecret, url: baseUrl } = sandbox;
  class App {}
  Module({
    imports: [
      LalamoveModule.forRoot({ apiKey, apiSecret, market: 'HK', baseUrl, rateLimit: false }),
      DeliveriesModule.forRoot({ database: { file: ':memory:' } }),
      DeliveriesBoardModule.forRoot({ path: 'board', guard: { canActivate: () => true } }),
    ],
  })(App);
  const app = await NestFactory.create(App, { logger: false });
  await app.listen(0, '127.0.0.1');
  const deliveries = app.get(DeliveriesService);
  await deliveries.book(booking('first', quotation));
  await sql`
    with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${count})
    insert into deliveries (id, account, reference, request_hash, request, schedule_at, state, version, due_at,
      lease_token, lease_until, order_id, progress, created_at, updated_at, unreadable_at)
    select 'copy-' || n, account, 'copy-' || n, request_hash, request, schedule_at, 'completed', version, null,
      null, null, null, progress, created_at - n, updated_at - n, null
    from deliveries, numbers where reference = 'first'`.execute(deliveries.database);

  const page = await browser.newPage();
  const times = { interactive: [], update: [], search: [] };
  for (let round = 0; round < rounds; round += 1) {
    // Otherwise only the part after # would differ, and the page would stay.
    await page.goto('about:blank');
    let start = performance.now();
    await page.goto(`${await app.getUrl()}/board#/all`);
    await page.getByRole('link', { name: /copy-1\b/ }).waitFor();
    times.interactive.push(performance.now() - start);
    await page.getByText('live', { exact: true }).waitFor();

    start = performance.now();
    await deliveries.book(booking(`new-${round}`, quotation));
    await page.getByRole('link', { name: new RegExp(`new-${round}\\b`) }).waitFor();
    times.update.push(performance.now() - start);

    start = performance.now();
    const wanted = `copy-${Math.round(count / 2) + round}`;
    await page.getByRole('searchbox').fill(wanted);
    await page.getByRole('link', { name: new RegExp(`${wanted}\\b`) }).waitFor();
    times.search.push(performance.now() - start);
    await page.getByRole('searchbox').fill('');
  }
  await app.close();
  await sandbox.stop();
  return times;
}
