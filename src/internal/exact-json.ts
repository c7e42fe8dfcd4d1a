import { isObject } from './is-object.js';

/** Matches a member that is an id, then any other string (it stays unchanged), then any other number. */
const ID_STRING_OR_NUMBER = new RegExp(
  [
    /("(?:orderId|prevOrderId|quotationId|stopId|driverId)"\s*:\s*)(\d+)(?![\d.eE])/,
    /"[^"\\]*(?:\\.[^"\\]*)*"/,
    /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'gs',
);

/** A whole number of 16 digits or more, as a token. */
const TOO_LONG = /^-?\d{16,}$/;

/** An id that is a number of any length. */
const HAS_NUMBER_AS_ID = /"(?:orderId|prevOrderId|quotationId|stopId|driverId)"\s*:\s*\d/;

/** A quick first test. It also matches some strings that contain 16 digits, which does no harm. */
const MAY_HAVE_LONG_NUMBER = /(?:^|[:,[\s-])\d{16}/;

/** The smallest whole number of 16 digits. From here on a JavaScript number may have lost digits. */
const FIRST_TOO_LONG = 1e15;

/**
 * Parses JSON without losing digits. Whole numbers of 16 digits or more become strings, like Lalamove's ids. Ids
 * that are numbers become strings too. The result is deeply frozen.
 *
 * @param parsed the result of `JSON.parse(text)`, if the caller already has it
 * @throws SyntaxError if the text is not JSON
 */
export function parseExactly(text: string, parsed: unknown = JSON.parse(text)): unknown {
  const mayHaveLost = freezeJson(parsed);
  if (!mayHaveLost && !HAS_NUMBER_AS_ID.test(text)) return parsed;
  const exact: unknown = JSON.parse(quoted(text));
  freezeJson(exact);
  return exact;
}

/**
 * As {@link parseExactly}, but the result is not frozen.
 *
 * @throws SyntaxError if the text is not JSON
 */
export function parseLosslessly(text: string): unknown {
  const parsed: unknown = JSON.parse(text);
  return MAY_HAVE_LONG_NUMBER.test(text) || HAS_NUMBER_AS_ID.test(text) ? JSON.parse(quoted(text)) : parsed;
}

function quoted(text: string): string {
  return text.replace(ID_STRING_OR_NUMBER, (token, name: string | undefined, id: string | undefined) => {
    if (name !== undefined && id !== undefined) return `${name}"${id}"`;
    return TOO_LONG.test(token) ? `"${token}"` : token;
  });
}

/**
 * Freezes a parsed value deeply. One walk does this and looks for lost digits; it does not recurse, because JSON may be
 * nested deeper than the stack.
 *
 * @returns whether a number in it may have lost digits
 */
function freezeJson(root: unknown): boolean {
  let mayHaveLost = isTooLong(root);
  const pending = isObject(root) ? [root] : [];
  for (let next = pending.pop(); next; next = pending.pop()) {
    // Read the members before the object is frozen: the members of a frozen object are slow to read.
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
