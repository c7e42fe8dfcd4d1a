/** A whole number with more digits than a JavaScript number holds, or a text that looks like one. */
const MAYBE_TOO_LONG = /\d{16}/;

/** Strings, which are left alone, and numbers. Each alternative begins with another character, so nothing is read twice. */
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs;

/** A whole number of 16 digits and more, as a token. */
const TOO_LONG = /^-?\d{16,}$/;

/**
 * Reads JSON without losing digits: whole numbers of 16 digits and more come as strings, as Lalamove's ids are.
 *
 * @throws SyntaxError for what is no JSON
 */
export function parseExactly(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (!MAYBE_TOO_LONG.test(text)) return value;
  const quoted = text.replace(STRING_OR_NUMBER, (token) => (TOO_LONG.test(token) ? `"${token}"` : token));
  return quoted === text ? value : JSON.parse(quoted);
}
