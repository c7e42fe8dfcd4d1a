// Figures as text, and tables in Markdown.
import { cpus } from 'node:os';

export function median(figures) {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Rounds to three significant digits or so. */
export function figure(value) {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

export const noise = (figures) => `${figure(Math.min(...figures))}–${figure(Math.max(...figures))}`;

/** The median of the ratios of each round, because both sides of a round were measured in the same minute. */
export const ratio = (figures, peer) => median(figures.map((each, round) => each / peer[round]));

/** @param {string[]} head the first column is text, the others are figures */
export function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [
    line(head),
    `|---|${head
      .slice(1)
      .map(() => '---:|')
      .join('')}`,
    ...rows.map(line),
  ].join('\n');
}

export function machine() {
  const [first] = cpus();
  return `${cpus().length} × ${first?.model.trim()}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}`;
}
