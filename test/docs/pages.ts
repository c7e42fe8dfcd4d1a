/** The text of a page between two lines, or to its end without the second line. */
export function section(text: string, from: string, to?: string): string {
  const [, rest = ''] = text.split(`\n${from}\n`);
  return to === undefined ? rest : (rest.split(`\n${to}\n`)[0] ?? '');
}

/** The cells of the first table whose first column has this head, row by row. */
export function table(text: string, head: string): string[][] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.split('|')[1]?.trim() === head);
  const rows = lines.slice(start + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return rows.slice(0, end).map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** The names in backticks at the start of the first cells. */
export function namesOf(rows: readonly string[][]): string[] {
  return rows.map(([first = '']) => /^`(\w+)/.exec(first)?.[1] ?? '').filter((name) => name !== '');
}

/** The names in backticks at the start of list items: `a` and `b` of "- `a`, `b`: …". */
export function listed(text: string): string[] {
  return [...text.matchAll(/^- ((?:`[^`]+`(?:,\s+)?)+)/gm)].flatMap(([, names = '']) =>
    [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  );
}

/** The members of an interface or an object in a source text, with the text after each name. */
export function members(source: string, head: RegExp): [name: string, rest: string][] {
  const start = source.search(head);
  const body = source.slice(start, source.indexOf('\n}', start));
  return [...body.matchAll(/^ {2}(\w+):(.*)$/gm)].map(([, name = '', rest = '']) => [name, rest]);
}
