/** Members that are ids; then strings, which are left alone, and numbers. */
const ID_STRING_OR_NUMBER =
  /("(?:orderId|prevOrderId|quotationId|stopId|driverId)"\s*:\s*)(\d+)(?![\d.eE])|"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs;

/** A whole number of 16 digits and more, as a token. */
const TOO_LONG = /^-?\d{16,}$/;

/** An id that is a number, however short. */
const HAS_NUMBER_AS_ID = /"(?:orderId|prevOrderId|quotationId|stopId|driverId)"\s*:\s*\d/;

/** At a glance, and now and then for nothing: such digits may stand in a text, too. */
const MAY_HAVE_LONG_NUMBER = /(?:^|[:,[\s-])\d{16}/;

/** The least whole number of 16 digits: from here on a JavaScript number may have lost some. */
const FIRST_TOO_LONG = 1e15;

/**
 * Reads JSON without losing digits: whole numbers of 16 digits and more come as strings, as Lalamove's ids are; so do ids that are numbers.
 * What it returns is frozen, however deep.
 *
 * @param parsed what `JSON.parse` makes of the text, where that is there already
 * @throws SyntaxError for what is no JSON
 */
export function parseExactly(text: string, parsed: unknown = JSON.parse(text)): unknown {
  const mayHaveLost = freezeJson(parsed);
  if (!mayHaveLost && !HAS_NUMBER_AS_ID.test(text)) return parsed;
  const exact: unknown = JSON.parse(quoted(text));
  freezeJson(exact);
  return exact;
}

/**
 * As {@link parseExactly}, of what may be changed afterwards.
 *
 * @throws SyntaxError for what is no JSON
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
