import type { Difference, NotCompared } from './compare-runs.js';
import type { RecordedExchange } from './recorded-exchange.js';

/** The report of {@link runConformance}. It holds no key and no personal data. */
export interface ConformanceReport {
  /** Whether the API and the sandbox answered alike, and no order is left. */
  readonly ok: boolean;
  readonly market: string;
  /** The names of the steps that were sent. */
  readonly steps: readonly string[];
  readonly differences: readonly Difference[];
  /** Steps that could not be compared, such as those of a driver that was not assigned. */
  readonly notCompared: readonly NotCompared[];
  /** Ids of orders that could not be cancelled: cancel them by hand. */
  readonly leftOver: readonly string[];
  /** Whether an order may exist whose id is not known, because the answer was lost. */
  readonly hasUnknownOrder: boolean;
  /** Whether a signal ended the scenario early. */
  readonly isInterrupted: boolean;
  /** The exchanges with the API, blanked. */
  readonly exchanges: readonly RecordedExchange[];
}

/** Writes a report as text: one line for each difference, and a summary. */
export function formatConformanceReport(report: ConformanceReport): string {
  const { differences, notCompared, leftOver, hasUnknownOrder, isInterrupted, steps } = report;
  const lines = differences.map(
    ({ step, kind, at, target, reference }) =>
      `differs       ${step}: ${kind}${at === '' ? '' : ` ${at}`}: ${target} in the API, ${reference} in the sandbox`,
  );
  return [
    ...lines,
    ...notCompared.map(({ step, why }) => `not compared  ${step}: ${why}`),
    ...(isInterrupted ? ['The scenario was interrupted.'] : []),
    ...leftOver.map((id) => `The order ${id} could not be cancelled: cancel it in the partner portal.`),
    ...(hasUnknownOrder ? ['The answer to an order was lost: look for it in the partner portal.'] : []),
    `${steps.length} steps, ${differences.length} differences, ${notCompared.length} not compared`,
  ]
    .join('\n')
    .replace(/[^\P{Cc}\n]+/gu, ' ');
}
