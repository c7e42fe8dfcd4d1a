// Breaks the sources on purpose, one sabotage at a time, and shows what catches it: npm run test:sabotage
// The table has a row for each sabotage. The exit code is 1 if one is not caught.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compile, compileSabotaged } from './chaos/compile.mjs';
import { SABOTAGES } from './chaos/sabotages/all-sabotages.mjs';
import { ROOT } from './chaos/sabotages/sabotage.mjs';
import { startServers } from './chaos/servers.mjs';

/** @typedef {import('./chaos/sabotages/sabotage.mjs').Sabotage} Sabotage */

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    storage: { type: 'string', default: 'sqlite' },
    seed: { type: 'string', default: '1' },
    kills: { type: 'string', default: '100' },
    by: { type: 'string' },
  },
});
if (values.storage !== 'sqlite' && values.storage !== 'postgres') {
  throw new TypeError('--storage must be sqlite or postgres.');
}
if (values.by !== undefined && values.by !== 'chaos' && values.by !== 'test') {
  throw new TypeError('--by must be chaos or test: only those that are caught by it are run.');
}
for (const name of /** @type {const} */ (['seed', 'kills'])) {
  if (!/^\d+$/.test(values[name])) throw new TypeError(`--${name} must be a whole number.`);
}

/** Fewer kills a world than in `npm run test:chaos`, because only its end shows most findings. */
const KILLS_A_RUN = 4;
const DELIVERIES = 12;

const { only = '', by } = values;
/** @type {import('./chaos/sabotages/sabotage.mjs').Storage} */
const storage = values.storage;
const chosen = SABOTAGES.filter(
  ({ name, storage: own = storage, caughtBy }) =>
    own === storage && name.includes(only) && (by === undefined || (by === 'chaos') === (caughtBy === 'chaos')),
);
if (chosen.length === 0) throw new TypeError(`No sabotage of ${storage} is named like ${JSON.stringify(only)}.`);

/**
 * @typedef {object} Catch
 * @property {boolean} isCaught
 * @property {string} by what has caught it
 * @property {string} [what] the finding, or why there is none
 */

/**
 * Runs worlds until one has a finding.
 *
 * @param {Sabotage} sabotage
 * @returns {Promise<Catch>}
 */
async function byChaos(sabotage) {
  const folder = await compileSabotaged(sabotage);
  try {
    let kills = 0;
    // The embedded worlds 1 and 2 wake every delivery twice: see ChaosWorld.
    for (let run = 1; kills < Number(values.kills); run += 1) {
      const world = { folder, seed: Number(values.seed), run, kills: KILLS_A_RUN, deliveries: DELIVERIES };
      const result = await (servers ? servers.run(world) : embeddedRun(world));
      kills += result.kills;
      const [finding] = result.findings;
      if (finding) {
        const what = `${finding.reference} ${finding.what}`.trim().split('\n')[0] ?? '';
        return { isCaught: true, by: `chaos, ${kills} kills`, what };
      }
    }
    return { isCaught: false, by: `chaos, ${kills} kills`, what: 'no finding' };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {import('./chaos/servers.mjs').World} world */
async function embeddedRun({ folder, seed, run, kills, deliveries }) {
  /** @type {import('./chaos/run.js')} */
  const { chaosRun } = await import(`${await compile()}/test/chaos/run.js`);
  return chaosRun(folder, seed, run, kills, { deliveries });
}

/**
 * Runs a named test. Only a failed test counts, not a suite that could not run.
 *
 * @param {Sabotage} sabotage
 * @param {import('./chaos/sabotages/sabotage.mjs').NamedTest} named
 * @returns {Promise<Catch>}
 */
async function byNamedTest({ name }, { suite, test }) {
  const place = mkdtempSync(join(tmpdir(), 'lalamove-sabotage-'));
  const outputFile = join(place, 'result.json');
  const jest = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js'];
  const pattern = test.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const options = ['--config', 'test/chaos/sabotages/jest.config.mjs', '--maxWorkers=1', '--json'];
  try {
    const child = spawn(
      process.execPath,
      [...jest, ...options, `--outputFile=${outputFile}`, '--runTestsByPath', suite, '-t', pattern],
      { cwd: ROOT, env: { ...process.env, SABOTAGE: name, LALAMOVE_TEST_STORAGE: storage }, stdio: 'ignore' },
    );
    await once(child, 'exit');
    const { numFailedTests, testResults } = JSON.parse(readFileSync(outputFile, 'utf8'));
    const failed = testResults.flatMap(
      (/** @type {{ assertionResults: { status: string, fullName: string }[] }} */ { assertionResults }) =>
        assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
    );
    const isCaught = numFailedTests > 0;
    return {
      isCaught,
      by: suite.replace(/^.*\//, ''),
      what: failed[0] ?? `no test like ${JSON.stringify(test)} has failed`,
    };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

const servers = storage === 'postgres' ? await startServers() : undefined;
let missed = 0;
console.log('| sabotage | caught by | seconds | finding or test |\n| --- | --- | --- | --- |');
for (const sabotage of chosen) {
  const began = Date.now();
  const { caughtBy } = sabotage;
  const { isCaught, by, what } = await (caughtBy === 'chaos' ? byChaos(sabotage) : byNamedTest(sabotage, caughtBy));
  if (!isCaught) missed += 1;
  const seconds = Math.round((Date.now() - began) / 1000);
  console.log(`| ${sabotage.name} | ${isCaught ? by : `**nobody** (${by})`} | ${seconds} | ${what} |`);
}
await servers?.stop();
console.log(`\n${chosen.length - missed} of ${chosen.length} sabotages of ${storage} were caught.`);
process.exitCode = missed === 0 ? 0 : 1;
