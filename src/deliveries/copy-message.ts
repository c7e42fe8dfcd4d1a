import type { CopyPlan, CopyResult } from './storage/copy/copy-to-postgres.js';
import type { CopyReport, TableReport } from './storage/copy/copy-tables.js';

/** The length of the shown part of a hash. */
const SHOWN_HASH = 16;

/** What `lalamove-deliveries-copy` prints after a copy. */
export function copyMessage({ file, schema }: CopyPlan, { report, retiredTo }: CopyResult): string {
  const { outcome, tables, replaced } = report;
  const done =
    outcome === 'copied'
      ? `Copied ${file} to the schema ${schema}.`
      : `The schema ${schema} has the rows of ${file} already: nothing was changed.`;
  return [...tableLines(tables), done, ...replacedLines(replaced), ...fileLines(file, retiredTo)].join('\n');
}

/** A table with the rows and the hashes of both sides. */
export function tableLines(tables: readonly TableReport[]): string[] {
  const rows = tables.map(({ table, source, target }) => [
    table,
    String(source.rows),
    String(target.rows),
    source.hash.slice(0, SHOWN_HASH),
    target.hash.slice(0, SHOWN_HASH),
  ]);
  const lines = [['table', 'rows in file', 'in PostgreSQL', 'hash in file', 'hash in PostgreSQL'], ...rows];
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  return lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function replacedLines(replaced: CopyReport['replaced']): string[] {
  if (replaced === 0) return [];
  return [`In ${replaced} error messages of handlers, NUL characters were replaced by U+FFFD.`];
}

function fileLines(file: string, retiredTo: string | undefined): string[] {
  if (retiredTo !== undefined) {
    return [`Renamed the file to ${retiredTo}. An app that still starts with ${file} is refused.`];
  }
  return [
    `No app may start with ${file} any more, because it would book the open deliveries a second time: run this ` +
      'command again with --retire, which renames the file.',
  ];
}
