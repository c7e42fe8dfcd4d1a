import { isRecord } from '../is-record.js';

/** One error as an answer's body lists it; any member may be missing. */
export interface ListedError {
  code?: string;
  message?: string;
  pointer?: string;
  /** What `detail` says beside pointers. */
  detail?: string;
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

/** A place in what was sent; member names of Lalamove's have no spaces. */
const POINTER = /^\/[^\s,;]*$/;

const MOST_ERRORS = 50;
/** Long enough for the longest list of allowed values. */
const LONGEST_TEXT = 4000;

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
  const listed = Array.isArray(body.errors) ? body.errors : [body.errors];
  const read = (values: readonly unknown[]): ListedError[] =>
    values.flatMap((value) => readListedError(value, textOf)).slice(0, MOST_ERRORS);
  const errors = read(listed.slice(0, MOST_ERRORS));
  return {
    form: 'json',
    errors: errors.length > 0 ? errors : read([body]),
    requestId: isRecord(body.meta) ? textOf(body.meta.requestId) : undefined,
  };
}

/** One entry for each place that it names. */
function readListedError(value: unknown, textOf: (value: unknown) => string | undefined): ListedError[] {
  if (typeof value === 'string') return readListedError({ message: value }, textOf);
  if (!isRecord(value)) return [];
  const id = textOf(value.id) ?? textOf(value.code);
  const message = textOf(value.message);
  const { pointers, prose: detail } = readDetail(value.detail, textOf);
  const code = [id && CODE.test(id) && id, message && MESSAGE_CODE.test(message) && message].find(isText);
  // What is no text does not make an error of an object by itself.
  const spoken = typeof value.detail === 'string' ? detail : undefined;
  const text = [message, id, spoken].find((candidate) => isText(candidate) && candidate !== code);
  if (code === undefined && text === undefined && textOf(value.detail) === undefined) return [];
  const places = pointers.length > 0 ? pointers : [undefined];
  return places.map((pointer) => ({ code, message: text, pointer, detail }));
}

/** `detail` is a pointer, several, or prose that alone may name the field; a list may hold both. */
function readDetail(
  detail: unknown,
  textOf: (value: unknown) => string | undefined,
): { pointers: string[]; prose: string | undefined } {
  const texts = (Array.isArray(detail) ? detail.slice(0, MOST_ERRORS) : [detail])
    .map((part: unknown) => textOf(typeof part === 'string' ? part : writtenAs(part, textOf)))
    .filter(isText);
  const isPlaces = (text: string): boolean => text.split(/[\s,;]+/).every((part) => POINTER.test(part));
  const prose = texts.filter((text) => !isPlaces(text)).join('; ');
  return {
    pointers: texts.filter(isPlaces).flatMap((text) => text.split(/[\s,;]+/)),
    prose: prose === '' ? undefined : prose,
  };
}

/** An object or a number of a `detail`; its texts are reworded before JSON's escapes can hide what is in them. */
function writtenAs(value: unknown, textOf: (value: unknown) => string | undefined): string | undefined {
  if (value === undefined || value === null) return undefined;
  return JSON.stringify(value, (_, member: unknown) => (typeof member === 'string' ? (textOf(member) ?? '') : member));
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
