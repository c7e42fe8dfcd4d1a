// Shows where the CPU time of a call goes. After a build:
// node bench/profile.mjs [contender] [--beside contender] [--calls 10000] [--out folder] The contenders are those of
// bench/client/contenders.mjs. "nestjs-lalamove, stub adapter" shows this package without the network. Writes a
// `.cpuprofile` of each, for the DevTools of Chrome and for speedscope.
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CONTENDERS, OURS, PEER, STUBBED } from './client/contenders.mjs';
import { largest, summarise } from './client/profile-summary.mjs';
import { figure, machine, median, table } from './client/report.mjs';
import { METHODS, startContender, withServer } from './client/rounds.mjs';

const TOP = 25;
/** Entries below this, in µs a call, are left out of the table by file. */
const WORTH_SHOWING = 1;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    beside: { type: 'string', default: PEER },
    calls: { type: 'string', default: '10000' },
    out: { type: 'string', default: join(tmpdir(), 'nestjs-lalamove-profiles') },
  },
});
const [name = OURS] = positionals;
const calls = Number(values.calls);
const known = Object.keys({ ...CONTENDERS, ...STUBBED });
for (const each of [name, values.beside]) {
  if (!known.includes(each)) throw new Error(`There is no "${each}"; there are ${known.join('; ')}.`);
}

/** By method: the cost of the contender's calls, and where it arises. */
async function profiled(contenderName) {
  return withServer(async ({ port }) => {
    const contender = await startContender(contenderName, port);
    const summaries = {};
    for (const method of METHODS) {
      // The profiler costs time: the total for the shares is measured without it.
      const costs = [];
      for (let round = 0; round < 3; round += 1)
        costs.push(await contender.ask({ task: 'cpu', method, calls: Math.ceil(calls / 2) }));
      const microseconds = median(costs.map((cost) => cost.microseconds));
      const { profile } = await contender.ask({ task: 'profile', method, calls });
      const file = join(values.out, `${contenderName.replace(/\W+/g, '-').replace(/^-/, '')}-${method}.cpuprofile`);
      writeFileSync(file, JSON.stringify(profile));
      summaries[method] = { ...summarise(profile, microseconds), microseconds, file };
    }
    contender.stop();
    return summaries;
  });
}

/** Packages with their files below them. Those that only the other contender has come last. */
function familyTable(mine, other) {
  const cell = (map, key) => (map.has(key) ? figure(map.get(key)) : '');
  const rows = largest(mine.families).flatMap(([family, amount]) => {
    const files = largest(mine.files).filter(([key, each]) => key.startsWith(`${family} `) && each >= WORTH_SHOWING);
    const beneath = files.map(([key, each]) => [
      `– ${key.slice(family.length + 1)}`,
      figure(each),
      '',
      cell(other.files, key),
    ]);
    const share = `${figure((amount / mine.microseconds) * 100)} %`;
    const head = [`**${family}**`, `**${figure(amount)}**`, share, cell(other.families, family)];
    return files.length > 1 || family === 'node' ? [head, ...beneath] : [head];
  });
  const others = largest(other.families).filter(([family]) => !mine.families.has(family));
  const theirs = others.map(([family, amount]) => [family, '', '', figure(amount)]);
  const all = ['**all**', `**${figure(mine.microseconds)}**`, '', figure(other.microseconds)];
  return table(['CPU µs a call', name, 'share', values.beside], [all, ...rows, ...theirs]);
}

const functionTable = (title, map) =>
  table(
    [title, 'µs a call'],
    largest(map, TOP).map(([what, amount]) => [what, figure(amount)]),
  );

mkdirSync(values.out, { recursive: true });
const mine = await profiled(name);
const other = await profiled(values.beside);
console.log(
  `${machine()}. ${calls} calls, 50 in flight. The shares of the samples, ` +
    'times the CPU of a call without the profiler.',
);
for (const method of METHODS) {
  console.log(`
## ${method}

${familyTable(mine[method], other[method])}

${functionTable('a function by itself', mine[method].functions)}

${functionTable('a function of ours or of a package except rxjs, with all its synchronous calls', mine[method].whole)}

${mine[method].file}
${other[method].file}`);
}
