import { isText } from './is-text.js';

/** Joins texts without duplicates and without missing or empty ones; `undefined` if none is left. */
export function joinedTexts(texts: readonly (string | undefined)[], between: string): string | undefined {
  const given = new Set(texts.filter(isText));
  return given.size === 0 ? undefined : [...given].join(between);
}
