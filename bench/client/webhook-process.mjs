// A separate process: the cost of verifying a webhook of 1 KB, by the least possible code, by the verifier of this
// package, and by `LalamoveWebhooks.verify()` with the typed event that it returns. They run in turns, so that each of
// the three meets the same machine.
import { Buffer } from 'node:buffer';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { LalamoveModule, LalamoveWebhooks, signWebhook } from '../../dist/esm/index.js';
import { anchoredNow, systemClock } from '../../dist/compiled/internal/clock.js';
import { verifyWebhook } from '../../dist/compiled/webhooks/verify/webhook-verifier.js';
import { answering } from './processes.mjs';
import { median } from './report.mjs';
import { CREDENTIALS, WEBHOOK_PATH, WEBHOOKS } from './samples.mjs';

const TURNS = 21;
const CALLS = 1000;

const account = LalamoveModule.forRoot({ ...CREDENTIALS, webhook: { publicPath: WEBHOOK_PATH } });
const root = { module: class Root {}, imports: [account] };
const app = await NestFactory.createApplicationContext(root, { logger: ['error', 'warn'] });
const webhooks = app.get(LalamoveWebhooks);

const settings = {
  account: undefined,
  apiKey: CREDENTIALS.apiKey,
  secrets: [CREDENTIALS.apiSecret],
  maxAgeSeconds: 172_800,
  others: undefined,
  clock: systemClock,
  anchored: anchoredNow(systemClock),
};
const paths = [WEBHOOK_PATH];

/** Knows the position of `data` in advance and looks at nothing else. */
function bare({ body, start, end }) {
  const event = JSON.parse(body.toString());
  const right = createHmac('sha256', CREDENTIALS.apiSecret)
    .update(`${event.timestamp}\r\nPOST\r\n${WEBHOOK_PATH}\r\n\r\n`)
    .update(body.subarray(start, end))
    .digest('hex');
  if (!timingSafeEqual(Buffer.from(right), Buffer.from(event.signature))) throw new Error('It is not signed.');
  return event.data;
}

const CONTENDERS = {
  bare,
  verified: async ({ body }) => (await verifyWebhook(settings, body, paths)).dataValue,
  typed: async ({ body }) => (await webhooks.verify(body)).raw,
};

/** In µs a call. */
async function timed(contender, webhook) {
  let read = 0;
  const start = performance.now();
  for (let call = 0; call < CALLS; call += 1) {
    const data = await contender(webhook);
    if (data.order.orderId === webhook.orderId) read += 1;
  }
  const spent = performance.now() - start;
  if (read !== CALLS) throw new Error('This is not the event that was sent.');
  return (spent * 1000) / CALLS;
}

function signed(eventType) {
  const data = WEBHOOKS[eventType];
  const { apiKey, apiSecret: secret } = CREDENTIALS;
  const body = Buffer.from(signWebhook({ secret, apiKey, path: WEBHOOK_PATH, eventType, data }).body);
  const bytes = Buffer.from(JSON.stringify(data));
  const start = body.indexOf(bytes);
  return { body, start, end: start + bytes.length, orderId: data.order.orderId };
}

answering(async ({ eventType }) => {
  const webhook = signed(eventType);
  const figures = { bare: [], verified: [], typed: [] };
  const names = Object.keys(figures);
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const [index] of names.entries()) {
      const name = names[(turn + index) % names.length];
      figures[name].push(await timed(CONTENDERS[name], webhook));
    }
  }
  const microseconds = Object.fromEntries(names.map((name) => [name, median(figures[name])]));
  return { ...microseconds, bytes: webhook.body.length };
});
