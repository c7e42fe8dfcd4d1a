import { randomUUID } from 'node:crypto';

/** Matches strings, which are left unchanged, and numbers. */
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs;

/**
 * Writes `data` as Lalamove signs them (webhook specification v1.5): `JSON.stringify` of the parsed value. A number
 * that `JSON.parse` would round keeps its digits. Otherwise a changed id could pass for the id to which it is rounded.
 *
 * @param text the JSON text
 * @param value the result of `JSON.parse` for the text
 */
export function rewriteData(text: string, value: unknown): string {
  // The mark is random, so that the sender cannot write a text that is read as a number.
  const mark = randomUUID();
  const marked = text.replace(STRING_OR_NUMBER, (token) =>
    token.startsWith('"') || !isLost(token) ? token : `"${mark}${token}"`,
  );
  if (marked === text) return JSON.stringify(value);
  const markedValue: unknown = JSON.parse(marked);
  return JSON.stringify(markedValue).replace(new RegExp(`"${mark}([^"]*)"`, 'g'), '$1');
}

/** Whether `JSON.parse` would change a number, because it has too many digits or is too large. */
function isLost(token: string): boolean {
  const number = Number(token);
  if (!Number.isFinite(number)) return true;
  if (Math.abs(number) <= Number.MAX_SAFE_INTEGER || !/^-?\d+$/.test(token)) return false;
  const written = String(number);
  return BigInt(token) !== BigInt(written.includes('e') ? number : written);
}
