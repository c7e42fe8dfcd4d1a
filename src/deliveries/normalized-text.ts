/**
 * A name or an address for a comparison: texts that differ only in commas, spaces, letter case and Unicode form (NFKC)
 * are equal. Empty if the value is not a text.
 */
export function normalizedText(value: unknown): string {
  if (typeof value !== 'string') return '';
  return value
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s,]+/gu, ' ')
    .trim();
}
