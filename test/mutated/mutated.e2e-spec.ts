import { beforeAll, describe, expect, it } from '@jest/globals';
import { runMutated, type MutatedReport } from './mutated-run.js';
import { mutatedSummary } from './mutated-summary.js';
import { heapInUse } from '../support/process-watch.js';

// `npm run test:mutated` sets other values; MUTATED_INDEX repeats one call alone.
const { MUTATED_SEED, MUTATED_RUNS, MUTATED_INDEX, MUTATED_SHOW } = process.env;
const seed = Number(MUTATED_SEED ?? 1);
const first = Number(MUTATED_INDEX ?? 0);
const runs = Number(MUTATED_INDEX === undefined ? (MUTATED_RUNS ?? 2000) : 1);

/** The permitted growth of the heap from the second quarter of a run to its last. */
const MOST_GROWTH = { factor: 1.1, bytes: 5 * 1024 * 1024 };

describe(`calls with mutated answers (${runs} of seed ${seed})`, () => {
  let report: MutatedReport;

  beforeAll(async () => {
    report = await runMutated({ seed, first, runs, onTenth: showProgress });
    show(mutatedSummary(report));
  }, 3_600_000);

  it('return data or the right exception, and send no attempt too many', () => {
    const { mismatches, mismatched } = report.tally;
    expect(`${mismatched} mismatches\n${mismatches.join('\n\n')}`).toBe('0 mismatches\n');
  });

  it('leave no rejection, no connection, no timer and no member on Object.prototype', () => {
    const { unhandled, lingering, openAfterClose, leaks } = report;
    const left = { unhandled, lingering, openAfterClose, leaks, members: Object.keys(Object.prototype) };
    expect(left).toEqual({ unhandled: [], lingering: 0, openAfterClose: 0, leaks: [], members: [] });
  });

  // Statistics of a few calls mean nothing.
  if (runs < 1000) return;

  it('have one permitted result each, with few exceptions', () => {
    const { calls, doubtful, late, lost } = report.tally;
    expect(doubtful / calls).toBeLessThan(0.1);
    expect((late + lost) / calls).toBeLessThan(0.05);
  });

  it('produce every kind of result', () => {
    const met = [...report.tally.outcomes.values()].flatMap((byName) => [...byName.keys()]);
    expect(met).toEqual(expect.arrayContaining(['data', ...EVERY_KIND.map((kind) => `${kind}Exception`)]));
    expect(report.tally.outcomes.size).toBe(4);
    expect(report.tally.repeated).toBeGreaterThan(0);
  });

  if (heapInUse() === undefined) return;

  it('do not increase the memory in use', () => {
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

/** Writes to stdout directly: Jest would print it at the end, with its source line. */
function show(text: string): void {
  if (MUTATED_SHOW !== undefined) process.stdout.write(`${text}\n`);
}
