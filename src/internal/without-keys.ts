const KEY = /\b[ps]k_[A-Za-z]+_[^\s'"`]+/g;

/** Replaces everything that looks like a key of Lalamove, in a text that may quote arguments. */
export function withoutKeys(text: string): string {
  return text.replace(KEY, (key) => `${key.slice(0, 3)}[redacted]`);
}
