/**
 * The table of errors, made from the catalog.
 *
 * @param {readonly import('nestjs-lalamove').ErrorRow[]} catalog
 * @returns {string}
 */
export function errorTable(catalog) {
  const lines = catalog.map((row) => {
    const status = row.statuses.length > 0 ? row.statuses.join(', ') : '–';
    const mirror = row.statuses.length > 0 ? 'the same' : String(row.status);
    const gateway = row.gateway === undefined ? mirror : row.whenReading ? `${row.gateway} ¹` : String(row.gateway);
    const note = row.code === 'LALAMOVE_OUTCOME_UNKNOWN' ? ' ²' : '';
    const cells = [
      `\`${row.code}\``,
      status,
      mirror + note,
      gateway + note,
      `\`${row.exception.name}\``,
      row.fixableBy,
      row.message,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| code | Lalamove sends | `mirror` | `gateway` | exception | fixable by | message |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

const BEGIN = '<!-- errors: written by `npm run docs` from the error catalog -->';
const END = '<!-- /errors -->';

/**
 * A page with its table of errors replaced.
 *
 * @param {string} page
 * @param {readonly import('nestjs-lalamove').ErrorRow[]} catalog
 * @returns {string}
 */
export function withErrorTable(page, catalog) {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`The page lacks ${BEGIN} … ${END}`);
  return `${before}${BEGIN}\n\n${errorTable(catalog)}\n\n${END}${after}`;
}
