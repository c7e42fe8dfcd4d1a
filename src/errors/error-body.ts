import { isRecord } from '../is-record.js';

/** One error as an answer's body lists it; any member may be missing. */
export interface ListedError {
  code?: string;
  message?: string;
  pointer?: string;
}

/** What the body of a refusal says, in whichever of its shapes. */
export interface ErrorBody {
  /** `json` for a JSON object, which alone can be Lalamove's. */
  form: 'json' | 'empty' | 'other';
  errors: ListedError[];
  requestId?: string;
}

/** A code is one word; anything with a space is text. What begins as our own codes do is none of Lalamove's. */
const CODE = /^(?!LALAMOVE_)[\w.:-]{1,100}$/;
/** In `message` only Lalamove's own form is a code: gateways write single words there, too. */
const MESSAGE_CODE = /^ERR_[A-Z0-9_]{1,100}$/;

const MOST_ERRORS = 50;
const LONGEST_TEXT = 1000;

/**
 * Reads the body of a refusal: `{"message":"ERR_X"}` (v2), `{"errors":[{"id","message","detail"}]}` (v3), `{"errors":{…}}` (one object),
 * each with an optional `meta.requestId`. Anything else (empty, HTML, truncated, other JSON) is a body that lists nothing. Never throws.
 *
 * @param clean rewords every text that is kept
 */
export function readErrorBody(text: string, clean: (text: string) => string): ErrorBody {
  const textOf = (value: unknown): string | undefined => {
    const kept = typeof value === 'string' ? clean(value.trim()).slice(0, LONGEST_TEXT) : '';
    return kept === '' ? undefined : kept;
  };
  const body = parseJson(text);
  if (!isRecord(body)) return { form: text.trim() === '' ? 'empty' : 'other', errors: [] };
  const listed = Array.isArray(body.errors) ? body.errors.slice(0, MOST_ERRORS) : [body.errors];
  const read = (values: readonly unknown[]): ListedError[] =>
    values.map((value) => readListedError(value, textOf)).filter((error) => error !== undefined);
  const errors = read(listed);
  return {
    form: 'json',
    errors: errors.length > 0 ? errors : read([body]),
    requestId: isRecord(body.meta) ? textOf(body.meta.requestId) : undefined,
  };
}

function readListedError(value: unknown, textOf: (value: unknown) => string | undefined): ListedError | undefined {
  if (typeof value === 'string') return readListedError({ message: value }, textOf);
  if (!isRecord(value)) return undefined;
  const id = textOf(value.id) ?? textOf(value.code);
  const message = textOf(value.message);
  const detail = textOf(value.detail);
  const code = [id && CODE.test(id) && id, message && MESSAGE_CODE.test(message) && message].find(isText);
  const text = [message, id, detail].find((candidate) => isText(candidate) && candidate !== code);
  const pointer = detail?.startsWith('/') ? detail : undefined;
  if (code === undefined && text === undefined) return undefined;
  return { code, message: text === pointer ? undefined : text, pointer };
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

function parseJson(text: string): unknown {
  // An HTML page is told at a glance: an exception of the parser's costs more than all the rest.
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
