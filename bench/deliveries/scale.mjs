// How many webhooks and deliveries a second several processes get done on one PostgreSQL, with a number of deliveries
// already stored, beside the commits a second that pgbench makes on the same server in the same round.
import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { Helper } from '../client/processes.mjs';
import { CREDENTIALS } from '../client/samples.mjs';
import { ScaleDatabase } from './scale-database.mjs';
import { LIFE } from './scale-webhooks.mjs';

const POOL = 10;
const PGBENCH_SECONDS = 2;
const PATIENCE_MS = 60_000;

/**
 * A cell for each number of stored deliveries and of processes. Its lists have a figure for each round after the first.
 */
export async function measureScale({ stored, processes, ...load }) {
  const database = await ScaleDatabase.start(process.env.LALAMOVE_TEST_POSTGRES_URL ?? '');
  const cells = [];
  try {
    for (const count of stored) {
      console.error(`… scale: storing ${count} deliveries`);
      await database.storeUpTo(count);
      const bytes = await database.bytes();
      for (const hosts of processes) {
        console.error(`… scale: ${count} stored, ${hosts} processes, ${load.rounds} rounds`);
        cells.push({ stored: count, hosts, bytes, ...(await measured(database, { hosts, ...load })) });
      }
    }
    return { cells, settings: await database.settings() };
  } finally {
    await database.stop();
  }
}

async function measured(database, { hosts: count, rounds, webhooks, deliveries }) {
  const loader = new Helper('../deliveries/scale-load.mjs');
  const { url: baseUrl } = await loader.ask({});
  const { url: connectionString, schema } = database;
  const options = JSON.stringify({ ...CREDENTIALS, baseUrl, connectionString, schema, maxConnections: POOL });
  const hosts = Array.from({ length: count }, () => new Helper('../deliveries/scale-host.mjs', [options]));
  const ports = (await askAll(hosts)).map(({ port }) => port);
  const world = { database, loader, hosts, ports };
  const figures = { webhooks: [], unmatched: [], deliveries: [], commits: [] };
  const prefixOf = (round) => `${schema}-${baseUrl.split(':').at(-1)}-${round}`;
  for (let round = 0; round <= rounds; round += 1) {
    const prefix = prefixOf(round);
    const orders = Math.ceil(webhooks / LIFE.length);
    await database.storeLive(prefix, orders);
    const received = await spent(world, () => loader.ask({ do: 'send', ports, prefix, orders }));
    const unknown = { do: 'send', ports, prefix: `unknown-${prefix}`, orders };
    const unmatched = await spent(world, () => loader.ask(unknown));
    const seen = await spent(world, () => seeThrough(world, prefix, deliveries));
    const commits = await database.commitsASecond(POOL * count, PGBENCH_SECONDS);
    // The first round warms up.
    if (round === 0) continue;
    figures.webhooks.push(received);
    figures.unmatched.push(unmatched);
    figures.deliveries.push(seen);
    figures.commits.push(commits);
  }
  for (const helper of [loader, ...hosts]) helper.stop();
  await database.analyze();
  return { ...figures, delivery: await database.storedBy(`${prefixOf(rounds)}-%-%`) };
}

/** Runs `work`, and returns what it did for each second and what each of them cost. */
async function spent(world, work) {
  const before = await usage(world);
  const { count, seconds, ...more } = await work();
  const after = await usage(world);
  const each = (name) => (after[name] - before[name]) / count;
  return {
    ...more,
    perSecond: count / seconds,
    hostMs: each('hosts'),
    serverMs: each('server'),
    loadMs: each('load'),
    walKb: each('wal') / 1000,
  };
}

async function usage({ database, loader, hosts }) {
  const spentBy = (answers) => answers.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  return {
    hosts: spentBy(await askAll(hosts)),
    load: spentBy([await loader.ask({})]),
    server: (await database.cpuMs()) ?? NaN,
    wal: await database.walBytes(),
  };
}

/** Books deliveries in all processes at once, and waits until their handlers got the last events. */
async function seeThrough({ loader, hosts, ports }, prefix, count) {
  await loader.ask({ do: 'follow', ports });
  const completed = async () => (await askAll(hosts)).reduce((sum, answer) => sum + answer.completed, 0);
  const before = await completed();
  const share = Math.ceil(count / hosts.length);
  const all = share * hosts.length;
  const began = performance.now();
  await Promise.all(hosts.map((host, index) => host.ask({ do: 'book', prefix: `${prefix}-${index}`, count: share })));
  while ((await completed()) - before < all) {
    if (performance.now() - began > PATIENCE_MS) throw new Error('Not all deliveries were seen through in a minute.');
    await setTimeout(20);
  }
  const seconds = (performance.now() - began) / 1000;
  await loader.ask({ do: 'rest' });
  return { count: all, seconds };
}

function askAll(hosts) {
  return Promise.all(hosts.map((host) => host.ask({})));
}
