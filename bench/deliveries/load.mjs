// The cost of a delivery from booked to completed, and how many webhooks a second are stored before their 200, with a
// number of deliveries already stored.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { signWebhook } from 'nestjs-lalamove';
import { LalamoveSandbox, SandboxClock } from 'nestjs-lalamove/sandbox';
import { Helper } from '../client/processes.mjs';
import { storeMany } from './stored.mjs';

const START = '2026-12-01T08:00:00Z';
const IN_FLIGHT = 50;
const PATH = '/webhooks/lalamove';

/** By the number of stored deliveries. Each list has one figure a round, after a warm-up round. */
export async function measureDeliveries({ stored, ...load }) {
  const place = mkdtempSync(join(tmpdir(), 'lalamove-bench-'));
  const figures = new Map();
  try {
    for (const count of stored) {
      console.error(
        `… deliveries: ${count} stored, ${load.rounds} rounds of ` +
          `${load.deliveries} deliveries and ${load.events} webhooks`,
      );
      const file = join(place, `${count}.db`);
      await storeMany(file, count);
      figures.set(count, await measured(file, load));
      rmSync(file);
    }
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
  return figures;
}

async function measured(file, { rounds, deliveries, events }) {
  const clock = new SandboxClock({ speed: 0, startAt: START });
  const sandbox = await LalamoveSandbox.start({
    clock,
    rateLimits: false,
    drivers: 'prompt',
    webhooks: { timeoutMs: 30_000 },
  });
  const { apiKey, apiSecret, url: baseUrl } = sandbox;
  const host = new Helper('../deliveries/host-process.mjs', [
    JSON.stringify({ file, apiKey, apiSecret, baseUrl, startAt: START }),
  ]);
  const { url } = await host.ask({ do: 'listen' });
  const cpuMs = await inRounds(rounds, async (round) => {
    const before = await host.ask({ do: 'usage' });
    await throughLife(host, sandbox, round, deliveries);
    const after = await host.ask({ do: 'usage' });
    const completed = await host.ask({ do: 'completed', prefix: round, count: deliveries });
    if (completed !== deliveries) throw new Error(`Only ${completed} of ${deliveries} deliveries were completed.`);
    return (after.cpuMs - before.cpuMs) / deliveries;
  });
  const latencies = await inRounds(rounds, (round) => storeEvents(url, apiSecret, round, events, clock.now()));
  const { rssMb } = await host.ask({ do: 'usage' });
  host.stop();
  await sandbox.stop();
  return {
    cpuMs,
    rate: latencies.map(({ rate }) => rate),
    p50: latencies.map(({ p50 }) => p50),
    p99: latencies.map(({ p99 }) => p99),
    rssMb,
    fileMb: statSync(file).size / 1e6,
  };
}

/** The result of each round except the first, which warms up. */
async function inRounds(rounds, measure) {
  const figures = [];
  for (let round = 0; round <= rounds; round += 1) figures.push(await measure(`round-${round}`));
  return figures.slice(1);
}

/** A delivery takes half an hour of the sandbox's clock. */
async function throughLife(host, sandbox, prefix, count) {
  await host.ask({ do: 'book', prefix, count });
  for (let minutes = 0; minutes < 120; minutes += 5) {
    await sandbox.advance('5m');
    await host.ask({ do: 'advance', ms: 5 * 60_000 });
  }
}

/** Posts distinct events, a number of them at a time, and measures the time of each until its 200. */
async function storeEvents(url, secret, round, count, now) {
  const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
  const bodies = Array.from({ length: count }, (_, index) => {
    const order = {
      orderId: `${round.replace('round-', '9')}${String(index).padStart(16, '0')}`,
      status: 'PICKED_UP',
      previousStatus: 'ON_GOING',
      driverId: '80001',
    };
    return signWebhook({
      secret,
      path: PATH,
      data: { order, updatedAt: 'x'.repeat(400) },
      timestamp: Math.floor(now / 1000),
    }).body;
  });
  const latencies = [];
  const began = performance.now();
  let next = 0;
  const lane = async () => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
      const sent = performance.now();
      const status = await post(`${url}${PATH}`, body, agent);
      if (status !== 200) throw new Error(`A webhook was answered ${status}.`);
      latencies.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  const seconds = (performance.now() - began) / 1000;
  agent.destroy();
  latencies.sort((a, b) => a - b);
  const at = (share) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))];
  return { rate: count / seconds, p50: at(0.5), p99: at(0.99) };
}

function post(url, body, agent) {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method: 'POST', agent, headers: { 'content-type': 'application/json' } },
      (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
