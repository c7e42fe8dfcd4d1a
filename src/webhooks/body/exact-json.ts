/** Strings, which are left alone, and numbers. Each alternative begins with another character, so nothing is read twice. */
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs;

/** A whole number of 16 digits and more, as a token. */
const TOO_LONG = /^-?\d{16,}$/;

/** The least whole number of 16 digits: from here on a JavaScript number may have lost some. */
const FIRST_TOO_LONG = 1e15;

/**
 * Reads JSON without losing digits: whole numbers of 16 digits and more come as strings, as Lalamove's ids are. What it returns is frozen, however deep.
 *
 * @param parsed what `JSON.parse` makes of the text, where that is there already
 * @throws SyntaxError for what is no JSON
 */
export function parseExactly(text: string, parsed: unknown = JSON.parse(text)): unknown {
  if (!freezeJson(parsed)) return parsed;
  const quoted = text.replace(STRING_OR_NUMBER, (token) => (TOO_LONG.test(token) ? `"${token}"` : token));
  const exact: unknown = JSON.parse(quoted);
  freezeJson(exact);
  return exact;
}

/** Freezes what was parsed, and tells whether a number in it may have lost digits: one walk for both, without recursion. */
function freezeJson(root: unknown): boolean {
  let mayHaveLost = isTooLong(root);
  const pending = isObject(root) ? [root] : [];
  for (let next = pending.pop(); next; next = pending.pop()) {
    // Before it is frozen, for afterwards they are slow to read.
    const members: readonly unknown[] = Object.values(next);
    Object.freeze(next);
    for (const value of members) {
      if (isObject(value)) pending.push(value);
      else mayHaveLost ||= isTooLong(value);
    }
  }
  return mayHaveLost;
}

function isTooLong(value: unknown): boolean {
  return typeof value === 'number' && Math.abs(value) >= FIRST_TOO_LONG;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
