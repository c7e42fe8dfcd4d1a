/** @throws TypeError if the text is not a JSON array of texts and nulls */
export function parseRow(line: string): (string | null)[] {
  const row: unknown = JSON.parse(line);
  if (Array.isArray(row) && row.every(isTextOrNull)) return row;
  throw new TypeError('A row of deliveries was not read as a list of texts.');
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}
