/**
 * Whether a text has no half of a surrogate pair: that cannot be written in UTF-8, and becomes the same replacement
 * character whatever it was.
 */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
