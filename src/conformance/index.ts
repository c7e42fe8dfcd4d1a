export type { ConformanceOptions } from './conformance.options.js';
export type { Difference, DifferenceKind, NotCompared } from './compare-runs.js';
export { formatConformanceReport, type ConformanceReport } from './conformance-report.js';
export type { RecordedAnswer, RecordedExchange } from './recorded-exchange.js';
export { runConformance } from './run-conformance.js';
