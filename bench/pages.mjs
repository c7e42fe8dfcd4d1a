// Measures the pages in headless Chromium. After a build:
//   LALAMOVE_TEST_CHROMIUM=/usr/bin/chromium node bench/pages.mjs sandbox [orders] | board [deliveries]
// Prints in ms, as medians: the time from the navigation until the list is drawn, the time from a change until the page
// shows it, and the time until a search shows its result.
import { createHmac } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { chromium } from 'playwright-core';
import { LalamoveSandbox } from '../dist/esm/sandbox/index.js';
import { measureBoard } from './board-page.mjs';

const ROUNDS = 9;
const PERSON = { name: 'Ada', phone: '+85251234567' };
const ROUTE = {
  serviceType: 'MOTORCYCLE',
  language: 'en_HK',
  stops: [
    { coordinates: { lat: '22.2759', lng: '114.1455' }, address: 'Victoria Peak' },
    { coordinates: { lat: '22.3193', lng: '114.1694' }, address: 'Mong Kok' },
  ],
};

/**
 * @param {LalamoveSandbox} sandbox
 * @param {string} path
 * @param {object} data
 */
async function post(sandbox, path, data) {
  const timestamp = String(Date.now());
  const body = JSON.stringify({ data });
  const signature = createHmac('sha256', sandbox.apiSecret)
    .update(`${timestamp}\r\nPOST\r\n${path}\r\n\r\n${body}`)
    .digest('hex');
  const headers = { authorization: `hmac ${sandbox.apiKey}:${timestamp}:${signature}`, market: 'HK' };
  const response = await fetch(sandbox.url + path, { method: 'POST', headers, body });
  return (await response.json()).data;
}

/**
 * @param {LalamoveSandbox} sandbox
 * @param {string} reference
 * @returns {Promise<string>}
 */
async function book(sandbox, reference) {
  const { quotationId, stops } = await post(sandbox, '/v3/quotations', ROUTE);
  const [from, to] = stops;
  const sender = { stopId: from.stopId, ...PERSON };
  const recipients = [{ stopId: to.stopId, ...PERSON }];
  const { orderId } = await post(sandbox, '/v3/orders', { quotationId, sender, recipients, metadata: { reference } });
  return orderId;
}

/** @param {number[]} values */
const median = (values) => Math.round([...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0);

/**
 * @param {import('playwright-core').Browser} browser
 * @param {number} count
 */
async function measureSandbox(browser, count) {
  const sandbox = await LalamoveSandbox.start({ rateLimits: false });
  for (let index = 0; index < count; index += 50)
    await Promise.all(Array.from({ length: 50 }, (_, more) => book(sandbox, `R-${index + more}`)));
  const page = await browser.newPage();
  const first = page.locator('.virtual-list-row .item').first();
  const times = { interactive: [], update: [], search: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    let start = performance.now();
    await page.goto(`${sandbox.url}/`);
    await first.waitFor();
    times.interactive.push(performance.now() - start);

    const id = sandbox.orders.at(-1)?.orderId ?? '';
    const pill = first.getByText(round % 2 === 0 ? 'on going' : 'assigning driver');
    start = performance.now();
    sandbox.moveOrder(id, round % 2 === 0 ? 'ON_GOING' : 'ASSIGNING_DRIVER');
    await pill.waitFor();
    times.update.push(performance.now() - start);

    start = performance.now();
    await page.getByRole('searchbox').fill(`R-${count - 7 - round}`);
    await page.getByText('1 orders', { exact: true }).waitFor();
    times.search.push(performance.now() - start);
    await page.getByRole('searchbox').fill('');
  }
  await sandbox.stop();
  return times;
}

/**
 * @param {string} what
 * @param {{ interactive: number[], update: number[], search: number[] }} times
 */
function print(what, times) {
  console.log(`${what}, ms:`);
  console.log(`  until the list is drawn   ${median(times.interactive)}`);
  console.log(`  a change until it is seen ${median(times.update)}`);
  console.log(`  a search                  ${median(times.search)}`);
}

const [page = 'sandbox', given] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.LALAMOVE_TEST_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage'],
});
const count = Number(given ?? (page === 'board' ? 100_000 : 5_000));
if (page === 'sandbox') print(`${count} orders on the sandbox's page`, await measureSandbox(browser, count));
else if (page === 'board') print(`${count} deliveries on the board`, await measureBoard(browser, ROUTE, count, ROUNDS));
else console.error(`There is no measurement of a page ${page}.`);
await browser.close();
