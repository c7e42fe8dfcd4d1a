// Kills hosts of deliveries at random awaits and at every step, and holds what is left against the sandbox: npm run
// test:chaos -- --seed 1 --runs 1000 Its runs are kills. `--broken` runs the build that must be caught: the attempt is
// committed after the order was posted, instead of reserved before. `--storage postgres` runs four hosts at a time on a
// PostgreSQL of its own, with `--bullmq` on a Redis too; both servers are disturbed.
import { parseArgs } from 'node:util';
import { compile, compileSabotaged } from './chaos/compile.mjs';
import { ATTEMPT_AFTER_POST } from './chaos/sabotages/booking.mjs';
import { startServers } from './chaos/servers.mjs';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '1000' },
    lanes: { type: 'string', default: '2' },
    deliveries: { type: 'string', default: '12' },
    only: { type: 'string' },
    storage: { type: 'string', default: 'sqlite' },
    bullmq: { type: 'boolean', default: false },
    broken: { type: 'boolean', default: false },
  },
});
for (const name of /** @type {const} */ (['seed', 'runs', 'lanes', 'deliveries'])) {
  if (!/^\d+$/.test(values[name])) throw new TypeError(`--${name} must be a whole number.`);
}

const KILLS_A_RUN = 10;
const folder = await (values.broken ? compileSabotaged(ATTEMPT_AFTER_POST) : compile());
if (!['sqlite', 'postgres'].includes(values.storage)) throw new TypeError('--storage must be sqlite or postgres.');
/** @type {import('./chaos/run.js')} */
const { chaosRun } = await import(`${folder}/test/chaos/run.js`);

const seed = Number(values.seed);
const count = Math.ceil(Number(values.runs) / KILLS_A_RUN);
const waiting = values.only === undefined ? Array.from({ length: count }, (_, index) => index) : [Number(values.only)];
const began = Date.now();
const total = { kills: 0, powerCuts: 0, deliveries: 0, acknowledged: 0 };
/** @type {Record<string, number>} */
const ends = {};
let findings = 0;

async function lane() {
  // Servers of its own: a crash in one lane must not meet a host of another lane that starts.
  const servers = values.storage === 'postgres' ? await startServers() : undefined;
  for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) {
    const deliveries = Number(values.deliveries);
    const result = servers
      ? await servers.run({ folder, seed, run, kills: KILLS_A_RUN, deliveries, isBullmq: values.bullmq })
      : await chaosRun(folder, seed, run, KILLS_A_RUN, { deliveries });
    total.kills += result.kills;
    total.powerCuts += result.powerCuts;
    total.deliveries += result.deliveries;
    total.acknowledged += result.acknowledged;
    for (const [end, times] of Object.entries(result.ends)) ends[end] = (ends[end] ?? 0) + Number(times);
    for (const { reference, what } of result.findings) {
      findings += 1;
      console.log(`seed ${seed}, run ${run} (--only ${run}): ${reference} ${what}`);
    }
    if (total.kills % 100 < result.kills) console.log(`${total.kills} kills, ${findings} findings`);
  }
  await servers?.stop();
}
await Promise.all(Array.from({ length: Number(values.lanes) }, lane));

const seconds = Math.round((Date.now() - began) / 1000);
console.log(
  `\n${total.kills} kills of seed ${seed} (${total.powerCuts} power cuts), ${total.deliveries} deliveries, ` +
    `${total.acknowledged} webhooks acknowledged, in ${seconds} s`,
);
for (const [end, times] of Object.entries(ends).sort(([, a], [, b]) => b - a))
  console.log(`${String(times).padStart(6)} ${end}`);
console.log(`${findings} findings`);
process.exitCode = findings === 0 ? 0 : 1;
