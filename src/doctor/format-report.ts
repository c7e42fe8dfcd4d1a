import type { DoctorReport, DoctorStatus } from './doctor-report.js';

const COLOURS: Readonly<Record<DoctorStatus, number>> = { ok: 32, warning: 33, failed: 31, skipped: 2 };

const STATUS_WIDTH = 8;
const CHECK_WIDTH = 18;

/**
 * Writes a report as text: one line for each check, with the remedy at its end, and a summary.
 *
 * @param isColoured whether the statuses are coloured for a terminal
 */
export function formatDoctorReport({ findings }: DoctorReport, isColoured = false): string {
  const lines = findings.map(({ check, status, message, remedy }) => {
    const text = [message, remedy ?? '']
      .join(' ')
      .trim()
      .replace(/\p{Cc}+/gu, ' ');
    const padded = status.padEnd(STATUS_WIDTH);
    const word = isColoured ? `\u001B[${COLOURS[status]}m${padded}\u001B[0m` : padded;
    return `${word} ${check.padEnd(CHECK_WIDTH)} ${text}`;
  });
  const counts = (['ok', 'warning', 'failed', 'skipped'] as const)
    .map((status) => `${findings.filter((finding) => finding.status === status).length} ${status}`)
    .join(', ');
  return [...lines, '', counts].join('\n');
}
