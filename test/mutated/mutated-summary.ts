import type { MutatedReport } from './mutated-run.js';

/** A report for people. */
export function mutatedSummary({ tally, connections, elapsedMs }: MutatedReport): string {
  const { calls, answers, mismatched, repeated, outcomes, doubts, doubtful, late, lost } = tally;
  const share = (part: number): string => `${part} (${((100 * part) / calls).toFixed(2)} %)`;
  const lines = [...outcomes].flatMap(([operation, byName]) => [
    `  ${operation}`,
    ...sorted(byName).map(([name, times]) => `    ${String(times).padStart(7)} ${name}`),
  ]);
  return [
    `${calls} calls, ${repeated} of them repeated, ${answers} answers over ${connections} connections in ${(elapsedMs / 1000).toFixed(1)} s`,
    `${mismatched} ended as the wire does not allow`,
    `more than one end was right for ${share(doubtful)}:`,
    ...sorted(doubts).map(([doubt, times]) => `    ${String(times).padStart(7)} ${doubt}`),
    `any timeout was right for ${share(late)}, any broken connection for ${share(lost)}`,
    'ends:',
    ...lines,
  ].join('\n');
}

const sorted = (counts: ReadonlyMap<string, number>): [string, number][] => [...counts].sort(([, a], [, b]) => b - a);
