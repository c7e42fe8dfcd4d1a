import { randomUUID } from 'node:crypto';

/** Strings, which are left alone, and numbers. */
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs;

/**
 * `data` as Lalamove signs it (webhook specification v1.5): `JSON.stringify` of what was parsed. A number that a parser would round, or lose, keeps its digits, so
 * that a changed id is never taken for the one it is rounded to.
 *
 * @param text of JSON
 * @param value what `JSON.parse` makes of it
 */
export function rewritten(text: string, value: unknown): string {
  // Nobody can guess it, so that no text of the sender's is taken for a number.
  const mark = randomUUID();
  const marked = text.replace(STRING_OR_NUMBER, (token) =>
    token.startsWith('"') || !isLost(token) ? token : `"${mark}${token}"`,
  );
  if (marked === text) return JSON.stringify(value);
  const again: unknown = JSON.parse(marked);
  return JSON.stringify(again).replace(new RegExp(`"${mark}([^"]*)"`, 'g'), '$1');
}

/** Whether a number would be written as another one: too long to be exact, or too large to be one. */
function isLost(token: string): boolean {
  const number = Number(token);
  if (!Number.isFinite(number)) return true;
  if (Math.abs(number) <= Number.MAX_SAFE_INTEGER || !/^-?\d+$/.test(token)) return false;
  const anew = String(number);
  return BigInt(token) !== BigInt(anew.includes('e') ? number : anew);
}
