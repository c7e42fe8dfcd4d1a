import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Order, Quotation } from 'nestjs-lalamove';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { ROUTE } from './curl-lines.js';
import { seedRows } from './seed-rows.js';
import { StorefrontModule } from './storefront.module.js';

const sandbox = await LalamoveSandbox.start();

/** The storefront on a free port, under a status policy. */
async function storefront(status: 'mirror' | 'gateway'): Promise<{ app: INestApplication; url: string }> {
  const { apiKey, apiSecret, url: baseUrl } = sandbox;
  const account = { apiKey, apiSecret, market: 'HK', baseUrl, retry: { maxAttempts: 1 }, errors: { status } };
  const app = await NestFactory.create(StorefrontModule.forRoot(account), { logger: false });
  await app.listen(0, '127.0.0.1');
  return { app, url: await app.getUrl() };
}

async function call<Answer>(
  url: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: Answer; text: string }> {
  const json = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(`${url}/${path}`, { method, ...(body === undefined ? {} : json) });
  const text = await response.text();
  return { status: response.status, body: JSON.parse(text || '{}') as Answer, text };
}

const mirror = await storefront('mirror');
const gateway = await storefront('gateway');

console.log('A delivery, from quote to completion\n');
const { body: quotation } = await call<Quotation>(mirror.url, 'POST', 'quotes', ROUTE);
console.log(
  `  quoted     ${quotation.priceBreakdown.currency} ${quotation.priceBreakdown.total}, held until ${quotation.expiresAt}`,
);
const [from, to] = quotation.stops.map(({ stopId }) => stopId);
const { body: order } = await call<Order>(mirror.url, 'POST', 'orders', {
  quotationId: quotation.quotationId,
  sender: { stopId: from, name: 'Shop', phone: '+85212345678' },
  recipients: [{ stopId: to, name: 'Ada', phone: '+85287654321' }],
  isPODEnabled: true,
});
console.log(`  ordered    ${order.orderId}`);
const { body: hurried } = await call<Order>(mirror.url, 'POST', `orders/${order.orderId}/priority-fee`, {
  priorityFee: '20',
});
console.log(
  `  hurried    with a fee of ${hurried.priceBreakdown.priorityFee ?? '?'}, now ${hurried.priceBreakdown.total}`,
);
for (const status of ['ON_GOING', 'PICKED_UP', 'COMPLETED']) {
  const { driverId } = sandbox.moveOrder(order.orderId, status);
  const { body: tracked } = await call<Order>(mirror.url, 'GET', `orders/${order.orderId}`);
  console.log(`  ${tracked.status.toLowerCase().padEnd(10)} by driver ${driverId}`);
}

console.log("\nEvery row of Lalamove's error table, and what the storefront's own client gets for it");
let wrong = 0;
for (const row of seedRows(order.orderId, sandbox.orders[0]?.driverId ?? '')) {
  const answers: string[] = [];
  for (const [host, expected] of [
    [mirror, row.status],
    [gateway, row.gateway ?? row.status],
  ] as const) {
    if (row.script) sandbox.respondNext(row.script);
    const { status, text } = await call(host.url, row.method, row.path);
    if (status !== expected) wrong += 1;
    answers.push(`${status} ${text}${status === expected ? '' : `   << expected ${expected}`}`);
  }
  const sent = sandbox.requests.at(-1)?.answer;
  console.log(`\n${row.status} ${row.code || "(no code)"}   ${row.method} /${row.path}`);
  console.log(`  Lalamove answered   ${sent?.status ?? '?'} ${sent?.body.trim() || '(no body)'}`);
  console.log(`  mirror: client got  ${answers[0] ?? ''}`);
  console.log(`  gateway: client got ${answers[1] ?? ''}`);
}

for (const { app } of [mirror, gateway]) await app.close();
await sandbox.stop();
console.log(
  wrong === 0 ? '\nAll eleven rows were answered as documented.' : `\n${wrong} answers were not as documented.`,
);
process.exitCode = wrong === 0 ? 0 : 1;
