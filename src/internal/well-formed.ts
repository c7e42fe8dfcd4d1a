/**
 * Whether a text has no unpaired surrogate. UTF-8 cannot represent unpaired surrogates: all of them become the same
 * replacement character, so two different texts could become equal.
 */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
