// A separate process that is Lalamove for several hosts: it answers their calls with the least possible work, and sends
// the webhooks of each order. It also sends the webhooks of stored orders, a number of them at a time.
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { answering } from '../client/processes.mjs';
import { Connections, requestsOf } from './scale-webhooks.mjs';

const IN_FLIGHT = 50;
/** How long Lalamove waits with the first webhook of an order, in ms. */
const FIRST_WEBHOOK_MS = 50;

const PRICE = { base: '65', total: '133', currency: 'HKD' };
const run = Date.now();
let ids = 0;
/** Where the webhooks of new orders go. */
let connections;
let webhooks = 0;

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const { data } = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : {};
    const body = JSON.stringify({ data: answerTo(request, data) });
    response.writeHead(request.method === 'GET' ? 200 : 201, { 'content-type': 'application/json' }).end(body);
  });
});
server.keepAliveTimeout = 0;
server.listen(0, '127.0.0.1');
await once(server, 'listening');

function answerTo({ method, url }, data) {
  ids += 1;
  const id = `${run}${String(ids).padStart(7, '0')}`;
  if (url === '/v3/quotations') {
    const stops = data.stops.map((stop, index) => ({ stopId: `${id}${index}`, ...stop }));
    return {
      ...data,
      quotationId: id,
      expiresAt: new Date(Date.now() + 300_000).toISOString(),
      stops,
      priceBreakdown: PRICE,
    };
  }
  if (url === '/v3/orders') {
    void follow(id, data.metadata);
    return orderOf(id, 'ASSIGNING_DRIVER', data);
  }
  if (method === 'GET' && url.startsWith('/v3/orders/')) return orderOf(url.split('/').at(-1), 'COMPLETED', {});
  throw new Error(`This Lalamove has no ${method} ${url}.`);
}

const orderOf = (orderId, status, { quotationId = '1', metadata = {} }) => ({
  orderId,
  quotationId,
  priceBreakdown: PRICE,
  driverId: '',
  shareLink: 'https://share.lalamove.com/?HK100',
  status,
  stops: [],
  metadata,
});

async function follow(orderId, metadata) {
  await setTimeout(FIRST_WEBHOOK_MS);
  for (const request of requestsOf(orderId, metadata)) {
    await connections.post(request);
    webhooks += 1;
  }
}

/** Sends the webhooks of stored orders. Those of one order are sent one after the other. */
async function sendAll({ ports, prefix, orders }) {
  const left = Array.from({ length: orders }, (_, index) => requestsOf(`${prefix}-${index + 1}`, {}));
  const open = await Connections.to(ports, IN_FLIGHT);
  const latencies = [];
  const lane = async () => {
    for (let requests = left.pop(); requests; requests = left.pop()) {
      for (const request of requests) latencies.push(await open.post(request));
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  const seconds = (performance.now() - began) / 1000;
  open.close();
  latencies.sort((a, b) => a - b);
  const at = (share) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))];
  return { count: latencies.length, seconds, p50: at(0.5), p99: at(0.99) };
}

answering(async (question) => {
  if (question.do === 'send') return sendAll(question);
  if (question.do === 'follow') connections = await Connections.to(question.ports, IN_FLIGHT);
  if (question.do === 'rest') connections.close();
  const { user, system } = process.cpuUsage();
  return { url: `http://127.0.0.1:${server.address().port}`, webhooks, cpuMs: (user + system) / 1000 };
});
