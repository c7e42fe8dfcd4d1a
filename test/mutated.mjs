// Runs test/mutated/mutated.e2e-spec.ts with a number of mutated answers and prints the result:
//   npm run test:mutated -- --seed 1 --runs 100000
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '100000' },
    index: { type: 'string' },
  },
});
const wrong = Object.entries(values).find(([, value]) => !/^\d+$/.test(value));
if (wrong) throw new TypeError(`--${wrong[0]} must be a whole number.`);

const jest = [
  '--expose-gc',
  '--experimental-vm-modules',
  'node_modules/jest/bin/jest.js',
  '--runInBand',
  'test/mutated/mutated.e2e',
];
const { status, signal } = spawnSync(process.execPath, jest, {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  stdio: 'inherit',
  env: {
    ...process.env,
    MUTATED_SHOW: 'yes',
    MUTATED_SEED: values.seed,
    MUTATED_RUNS: values.runs,
    ...(values.index === undefined ? {} : { MUTATED_INDEX: values.index }),
  },
});
if (signal) console.error(`Jest was ended by ${signal}.`);
process.exitCode = status ?? 1;
