// What a delivery costs from booked to completed, and how many webhooks a second are stored before their 200, with so many deliveries stored already. After a build:
// Each figure is the median of its rounds, after one to warm up.
//   node bench/deliveries.mjs [--stored 0,100000,1000000] [--rounds 5] [--deliveries 200] [--events 2000]
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { signWebhook } from 'nestjs-lalamove';
import { LalamoveSandbox, SandboxClock } from 'nestjs-lalamove/sandbox';
import { Helper } from './client/processes.mjs';
import { figure, machine, median, noise, table } from './client/report.mjs';
import { storeMany } from './deliveries/stored.mjs';

const { values } = parseArgs({
  options: {
    stored: { type: 'string', default: '0,100000,1000000' },
    deliveries: { type: 'string', default: '200' },
    events: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '5' },
  },
});
const START = '2026-12-01T08:00:00Z';
const IN_FLIGHT = 50;
const PATH = '/webhooks/lalamove';

const place = mkdtempSync(join(tmpdir(), 'lalamove-bench-'));
const rows = [];
for (const stored of values.stored.split(',').map(Number)) {
  console.error(`… ${stored} stored`);
  const row = await measured(stored);
  console.error(JSON.stringify(row));
  rows.push(row);
}
rmSync(place, { recursive: true, force: true });

const { rounds, deliveries, events } = values;
console.log(
  `\n${machine()}. Medians of ${rounds} rounds: ${deliveries} deliveries at once, ${events} webhooks, ${IN_FLIGHT} in flight.\n`,
);
console.log(
  table(
    [
      'deliveries stored',
      'CPU ms a delivery (bar 10)',
      'noise',
      '× empty (bar 1.2)',
      'webhooks a second (bar 1000)',
      'p50 ms',
      'p99 ms (bar 50)',
      'noise',
      'memory MB',
      'file MB',
    ],
    rows.map((row) => [
      String(row.stored),
      figure(median(row.cpuMs)),
      noise(row.cpuMs),
      figure(median(row.cpuMs) / median(rows[0].cpuMs)),
      figure(median(row.rate)),
      figure(median(row.p50)),
      figure(median(row.p99)),
      noise(row.p99),
      figure(row.rssMb),
      figure(row.fileMb),
    ]),
  ),
);

async function measured(stored) {
  const file = join(place, `${stored}.db`);
  await storeMany(file, stored);
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
  const count = Number(values.deliveries);
  const cpuMs = await inRounds(async (round) => {
    const before = await host.ask({ do: 'usage' });
    await throughLife(host, sandbox, round, count);
    const after = await host.ask({ do: 'usage' });
    const completed = await host.ask({ do: 'completed', prefix: round, count });
    if (completed !== count) throw new Error(`Only ${completed} of ${count} deliveries were completed.`);
    return (after.cpuMs - before.cpuMs) / count;
  });
  const latencies = await inRounds((round) => storeEvents(url, apiSecret, round, Number(values.events), clock.now()));
  const { rssMb } = await host.ask({ do: 'usage' });
  host.stop();
  await sandbox.stop();
  return {
    stored,
    cpuMs,
    rate: latencies.map(({ rate }) => rate),
    p50: latencies.map(({ p50 }) => p50),
    p99: latencies.map(({ p99 }) => p99),
    rssMb,
    fileMb: statSync(file).size / 1e6,
  };
}

/** What each round has given, but for the first, which warms up. */
async function inRounds(measure) {
  const figures = [];
  for (let round = 0; round <= Number(values.rounds); round += 1) figures.push(await measure(`round-${round}`));
  return figures.slice(1);
}

/** A delivery's life takes half an hour of the sandbox's clock. */
async function throughLife(host, sandbox, prefix, count) {
  await host.ask({ do: 'book', prefix, count });
  for (let minutes = 0; minutes < 120; minutes += 5) {
    await sandbox.advance('5m');
    await host.ask({ do: 'advance', ms: 5 * 60_000 });
  }
}

/** Posts distinct events, so many at a time, and takes the time of each until its 200. */
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
