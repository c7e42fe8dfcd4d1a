import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LalamoveService, type Order, type Quotation } from 'nestjs-lalamove';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { crashAndRecover } from './crash.js';
import { ROUTE } from './curl-lines.js';
import { seedRows, type SeedRow } from './seed-rows.js';
import { StorefrontModule, WEBHOOK_PATH } from './storefront.module.js';
import type { TrackedEvent } from './tracking.controller.js';

interface Storefront {
  app: INestApplication;
  url: string;
}

const sandbox = await LalamoveSandbox.start();
const mirror = await storefront('mirror');
const gateway = await storefront('gateway');

await mirror.app.get(LalamoveService).setWebhookUrl(`${mirror.url}/${WEBHOOK_PATH}`);

const delivered = await deliver();
console.log("\nEvery row of Lalamove's error table, and the answer that the storefront's client gets");
let wrong = 0;
for (const row of seedRows(delivered.orderId, delivered.driverId)) wrong += await provoke(row);
console.log(
  wrong === 0 ? '\nAll eleven rows were answered as documented.' : `\n${wrong} answers were not as documented.`,
);

for (const { app } of [mirror, gateway]) await app.close();

const isSeenThrough = await crashAndRecover(sandbox);
await sandbox.stop();
process.exitCode = wrong === 0 && isSeenThrough ? 0 : 1;

/** Starts the storefront on a free port, with a status policy. */
async function storefront(status: 'mirror' | 'gateway'): Promise<Storefront> {
  const { apiKey, apiSecret, url: baseUrl } = sandbox;
  const account = { apiKey, apiSecret, market: 'HK', baseUrl, retry: { maxAttempts: 1 }, errors: { status } };
  const app = await NestFactory.create(StorefrontModule.forRoot(account), { logger: false });
  await app.listen(0, '127.0.0.1');
  return { app, url: await app.getUrl() };
}

/** Sends a request as a client of the storefront. */
async function call(
  { url }: Storefront,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; text: string }> {
  const json = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(`${url}/${path}`, { method, ...(body === undefined ? {} : json) });
  return { status: response.status, text: await response.text() };
}

/** Delivers one order, from the quote to its completion. */
async function deliver(): Promise<Order> {
  console.log('A delivery, from quote to completion\n');
  const quotation = JSON.parse((await call(mirror, 'POST', 'quotes', ROUTE)).text) as Quotation;
  const { total, currency } = quotation.priceBreakdown;
  console.log(`  quoted     ${currency} ${total}, valid until ${quotation.expiresAt}`);

  const [from, to] = quotation.stops.map(({ stopId }) => stopId);
  const request = {
    quotationId: quotation.quotationId,
    sender: { stopId: from, name: 'Shop', phone: '+85221234567' },
    recipients: [{ stopId: to, name: 'Ada', phone: '+85251234567' }],
  };
  let order = JSON.parse((await call(mirror, 'POST', 'lalamove/orders', request)).text) as Order;
  console.log(`  ordered    ${order.orderId}`);

  await call(mirror, 'POST', `lalamove/orders/${order.orderId}/priority-fee`, { priorityFee: '20' });
  for (const status of ['ON_GOING', 'PICKED_UP', 'COMPLETED']) {
    sandbox.moveOrder(order.orderId, status);
    order = JSON.parse((await call(mirror, 'GET', `lalamove/orders/${order.orderId}`)).text) as Order;
    console.log(
      `  ${order.status.toLowerCase().padEnd(10)} by driver ${order.driverId}, for ${order.priceBreakdown.total}`,
    );
  }
  await sandbox.advance('1s'); // its webhooks arrive
  const tracking = JSON.parse(
    (await call(mirror, 'GET', `lalamove/orders/${order.orderId}/tracking`)).text,
  ) as TrackedEvent[];
  console.log(`  by webhook ${tracking.map(({ what }) => what).join(', ')}`);
  return order;
}

/**
 * Provokes a row of the table under both policies.
 *
 * @returns how many answers were not as documented
 */
async function provoke({ status, code, gateway: concealed = status, method, path, script }: SeedRow): Promise<number> {
  const answers: { text: string; right: boolean }[] = [];
  for (const [host, expected] of [
    [mirror, status],
    [gateway, concealed],
  ] as const) {
    if (script) sandbox.respondNext(script);
    const answer = await call(host, method, path);
    answers.push({ text: `${answer.status} ${answer.text}`, right: answer.status === expected });
  }
  const sent = sandbox.requests.at(-1)?.answer;
  const texts = answers.map(({ text, right }) => (right ? text : `${text}   << not as documented`));
  console.log(`\n${status} ${code === '' ? '(no code)' : code}   ${method} /${path}`);
  console.log(
    `  Lalamove answered   ${sent?.status ?? '?'} ${sent?.body === '' ? '(no body)' : (sent?.body.trim() ?? '')}`,
  );
  console.log(`  mirror: client got  ${texts[0] ?? ''}`);
  console.log(`  gateway: client got ${texts[1] ?? ''}`);
  return answers.filter(({ right }) => !right).length;
}
