/** The position of a value in a body: `start` is its first byte, `end` is the byte after its last one. */
export interface Cut {
  readonly start: number;
  readonly end: number;
}

/** The position of `data`, or the reason why there is none. */
export type DataCut = Cut | 'absent' | 'twice' | 'no-object';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

/**
 * Finds the value of `data` in the outermost object of a JSON text: the exact bytes that Lalamove signs. It reads the
 * text once, without recursion. It does not validate the JSON; the caller must parse the text.
 */
export function cutData(body: Uint8Array): DataCut {
  let at = skipSpace(body, 0);
  if (body[at] !== OPEN_OBJECT) return 'no-object';
  let found: Cut | undefined;
  do {
    const keyStart = skipSpace(body, at + 1);
    if (body[keyStart] !== QUOTE) break;
    const keyEnd = skipString(body, keyStart);
    const colon = skipSpace(body, keyEnd);
    if (body[colon] !== COLON) break;
    const start = skipSpace(body, colon + 1);
    const end = skipValue(body, start);
    if (isData(body, keyStart, keyEnd)) {
      if (found) return 'twice';
      found = { start, end };
    }
    at = skipSpace(body, end);
  } while (body[at] === COMMA);
  return found ?? 'absent';
}

/** Whether a quoted key means `data`. Its characters can be written as JSON escapes. */
function isData(body: Uint8Array, start: number, end: number): boolean {
  const isPlain = end - start === 6;
  if (isPlain)
    return body[start + 1] === 0x64 && body[start + 2] === 0x61 && body[start + 3] === 0x74 && body[start + 4] === 0x61;
  const isShort = end - start <= 26;
  if (!isShort || !hasEscape(body, start, end)) return false;
  try {
    return JSON.parse(Buffer.from(body.subarray(start, end)).toString()) === 'data';
  } catch {
    return false;
  }
}

/** A loop, because for a short key it is faster than `includes`. */
function hasEscape(body: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (body[at] === BACKSLASH) return true;
  return false;
}

function skipSpace(body: Uint8Array, from: number): number {
  let at = from;
  for (;;) {
    const byte = body[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
    at += 1;
  }
}

/** @param from the position of the opening quote */
function skipString(body: Uint8Array, from: number): number {
  const { length } = body;
  for (let at = from + 1; at < length; at += 1) {
    const byte = body[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at += 1;
  }
  return length;
}

function skipValue(body: Uint8Array, from: number): number {
  const first = body[from];
  if (first === QUOTE) return skipString(body, from);
  return first === OPEN_OBJECT || first === OPEN_ARRAY ? skipNested(body, from) : skipScalar(body, from);
}

function skipNested(body: Uint8Array, from: number): number {
  const { length } = body;
  let depth = 0;
  let at = from;
  while (at < length) {
    const byte = body[at];
    if (byte === QUOTE) {
      at = skipString(body, at);
      continue;
    }
    at += 1;
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth += 1;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return at;
}

/** Skips a number, `true`, `false`, `null`, or invalid text up to the next separator. */
function skipScalar(body: Uint8Array, from: number): number {
  let at = from;
  while (at < body.length) {
    const byte = body[at];
    if (
      byte === COMMA ||
      byte === CLOSE_OBJECT ||
      byte === CLOSE_ARRAY ||
      byte === 0x20 ||
      byte === 0x0a ||
      byte === 0x0d ||
      byte === 0x09
    )
      break;
    at += 1;
  }
  return at;
}
