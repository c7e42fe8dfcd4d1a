// Runs suites that need servers: `servers` those that test PostgreSQL or Redis themselves, `postgres` the suites of
// deliveries over PostgreSQL, `bullmq` the same with BullMQ. LALAMOVE_TEST_POSTGRES_URL and LALAMOVE_TEST_REDIS_URL
// name the servers.
import { spawnSync } from 'node:child_process';

const { LALAMOVE_TEST_POSTGRES_URL, LALAMOVE_TEST_REDIS_URL } = process.env;
if (!LALAMOVE_TEST_POSTGRES_URL || !LALAMOVE_TEST_REDIS_URL) {
  throw new Error('Set LALAMOVE_TEST_POSTGRES_URL and LALAMOVE_TEST_REDIS_URL, or run .ci/run, which finds both.');
}

const SERVERS = [
  'test/deliveries/postgres',
  'test/deliveries/bullmq-',
  'test/deliveries/cop',
  'test/redis',
  'test/docs/examples/bullmq',
];

/** Without the suites about the embedded file: its lock, its backups, its lost data, and the shift of stored times. */
const DELIVERIES = [
  'cancellations',
  'context',
  'deliveries',
  'deliveries-service',
  'duplicates',
  'forget',
  'inputs',
  'inspection',
  'known-orders',
  'lost-answers',
  'needs-attention',
  'policies',
  'races',
  'refusals',
  'routes',
  'same-request',
  'timeouts',
  'webhooks',
  'wrong-ends',
].map((name) => `test/deliveries/${name}.e2e-spec`);

/** What operators do and see. BullMQ changes nothing in it. */
const BOARD = ['test/board/actions.e2e-spec'];

/** @type {Readonly<Record<string, { paths: readonly string[], storage?: string }>>} */
const MODES = {
  servers: { paths: SERVERS },
  postgres: { paths: [...DELIVERIES, ...BOARD], storage: 'postgres' },
  bullmq: { paths: DELIVERIES, storage: 'postgres+bullmq' },
};

const [name = '', ...more] = process.argv.slice(2);
const mode = MODES[name];
if (!mode) throw new TypeError(`Give one of ${Object.keys(MODES).join(', ')}.`);

const { status } = spawnSync(
  process.execPath,
  ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', ...(more.length > 0 ? more : mode.paths)],
  { stdio: 'inherit', env: { ...process.env, ...(mode.storage && { LALAMOVE_TEST_STORAGE: mode.storage }) } },
);
process.exitCode = status ?? 1;
