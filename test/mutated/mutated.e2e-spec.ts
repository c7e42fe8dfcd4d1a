import { beforeAll, describe, expect, it } from '@jest/globals';
import { runMutated, type MutatedReport } from './mutated-run.js';
import { mutatedSummary } from './mutated-summary.js';
import { heapInUse } from '../support/process-watch.js';

// `npm run test:mutated` chooses others, and one call alone is repeated by MUTATED_INDEX.
const { MUTATED_SEED, MUTATED_RUNS, MUTATED_INDEX, MUTATED_SHOW } = process.env;
const seed = Number(MUTATED_SEED ?? 1);
const first = Number(MUTATED_INDEX ?? 0);
const runs = Number(MUTATED_INDEX === undefined ? (MUTATED_RUNS ?? 2000) : 1);

/** What a heap may grow by from the second quarter of a run to its last. */
const MOST_GROWTH = { factor: 1.1, bytes: 5 * 1024 * 1024 };

describe(`calls whose answers are mutated (${runs} of seed ${seed})`, () => {
  let report: MutatedReport;

  beforeAll(async () => {
    report = await runMutated({ seed, first, runs, onTenth: showProgress });
    show(mutatedSummary(report));
  }, 3_600_000);

  it('each end in data or in the right exception, and are sent as often as they may be', () => {
    const { mismatches, mismatched } = report.tally;
    expect(`${mismatched} mismatches\n${mismatches.join('\n\n')}`).toBe('0 mismatches\n');
  });

  it('leave no rejection, connection, timer or member of every object behind', () => {
    const { unhandled, lingering, openAfterClose, leaks } = report;
    const left = { unhandled, lingering, openAfterClose, leaks, members: Object.keys(Object.prototype) };
    expect(left).toEqual({ unhandled: [], lingering: 0, openAfterClose: 0, leaks: [], members: [] });
  });

  // What is said of many says nothing of a few.
  if (runs < 1000) return;

  it('have one right end each, but for a few', () => {
    const { calls, doubtful, late, lost } = report.tally;
    expect(doubtful / calls).toBeLessThan(0.1);
    expect((late + lost) / calls).toBeLessThan(0.05);
  });

  it('meet every kind of end', () => {
    const met = [...report.tally.outcomes.values()].flatMap((byName) => [...byName.keys()]);
    expect(met).toEqual(expect.arrayContaining(['data', ...EVERY_KIND.map((kind) => `${kind}Exception`)]));
    expect(report.tally.outcomes.size).toBe(4);
    expect(report.tally.repeated).toBeGreaterThan(0);
  });

  if (heapInUse() === undefined) return;

  it('keep the memory flat', () => {
    const mean = (heaps: readonly number[]): number => heaps.reduce((sum, heap) => sum + heap, 0) / heaps.length;
    const [second, last] = [mean(report.heaps.slice(2, 5)), mean(report.heaps.slice(7))];
    expect(last).toBeLessThan(second * MOST_GROWTH.factor + MOST_GROWTH.bytes);
  });
});

// prettier-ignore
const EVERY_KIND = [
  'LalamoveOutcomeUnknown', 'LalamoveTimeout', 'LalamoveConnection', 'LalamoveUnreadableResponse', 'LalamoveServer', 'RateLimited',
  'LalamoveAuthentication', 'LalamoveForbidden', 'LalamoveNotFound', 'InvalidRequest', 'MalformedRequest', 'Lalamove',
];

function showProgress(done: number, heap: number | undefined): void {
  show(`${done} calls${heap === undefined ? '' : `, ${(heap / 1024 / 1024).toFixed(1)} MB of heap in use`}`);
}

/** Past Jest, which would hold it back to the end and say where it comes from. */
function show(text: string): void {
  if (MUTATED_SHOW !== undefined) process.stdout.write(`${text}\n`);
}
