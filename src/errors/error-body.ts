/** One error as an answer's body lists it; any member may be missing. */
export interface ListedError {
  code?: string;
  message?: string;
  pointer?: string;
}

/** What the body of a refusal says, in whichever of its shapes. */
export interface ErrorBody {
  errors: ListedError[];
  requestId?: string;
}

/** A code is a word, in whatever alphabet of punctuation; anything with a space is text. */
const CODE = /^[\w.:-]{1,100}$/;
/** In `message` only Lalamove's own form is a code: gateways write single words there, too. */
const MESSAGE_CODE = /^ERR_[A-Z0-9_]{1,100}$/;

const MOST_ERRORS = 50;
const LONGEST_TEXT = 1000;

/**
 * Reads the body of a refusal: `{"message":"ERR_X"}` (v2), `{"errors":[{"id","message","detail"}]}` (v3), `{"errors":{…}}` (one object),
 * each with an optional `meta.requestId`. Anything else (empty, HTML, truncated, other JSON) is a body that lists nothing. Never throws.
 */
export function readErrorBody(text: string): ErrorBody {
  const body = parseJson(text);
  if (!isRecord(body)) return { errors: [] };
  const listed = Array.isArray(body.errors) ? body.errors.slice(0, MOST_ERRORS) : [body.errors];
  const errors = listed.map(readListedError).filter((error) => error !== undefined);
  if (errors.length === 0) errors.push(...[readListedError(body)].filter((error) => error !== undefined));
  const requestId = isRecord(body.meta) ? textOf(body.meta.requestId) : undefined;
  return { errors, ...(requestId !== undefined && { requestId }) };
}

function readListedError(value: unknown): ListedError | undefined {
  if (typeof value === 'string') return readListedError({ message: value });
  if (!isRecord(value)) return undefined;
  const id = textOf(value.id) ?? textOf(value.code);
  const message = textOf(value.message);
  const detail = textOf(value.detail);
  const code =
    id !== undefined && CODE.test(id) ? id : message !== undefined && MESSAGE_CODE.test(message) ? message : undefined;
  const text = [message, id, detail].find((candidate) => candidate !== undefined && candidate !== code);
  const pointer = detail?.startsWith('/') ? detail : undefined;
  if (code === undefined && text === undefined) return undefined;
  return {
    ...(code !== undefined && { code }),
    ...(text !== undefined && text !== pointer && { message: text }),
    ...(pointer !== undefined && { pointer }),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim().slice(0, LONGEST_TEXT) : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
