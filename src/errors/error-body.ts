import { isRecord } from '../internal/is-record.js';

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
const DEEPEST_TEXT = 3;
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
  const { errors: members, ...beside } = body;
  const listed = (Array.isArray(members) ? members.slice(0, MOST_ERRORS) : [members]).flatMap((value: unknown) =>
    readListedError(value, textOf, true),
  );
  const spoken = readListedError(beside, textOf, false);
  return {
    form: 'json',
    errors: (listed.length > 0 ? completed(listed, spoken) : spoken).slice(0, MOST_ERRORS),
    requestId: isRecord(body.meta) ? textOf(body.meta.requestId) : undefined,
  };
}

/** The list, with what is said beside it: the code of what has none, and the words, which the first keeps. */
function completed([first, ...others]: ListedError[], spoken: readonly ListedError[]): ListedError[] {
  const [beside] = spoken;
  if (!first || !beside) return first ? [first, ...others] : others;
  const withCode = (error: ListedError): ListedError => ({ ...error, code: error.code ?? beside.code });
  const message = first.message ?? beside.message;
  const pointer = first.pointer ?? beside.pointer;
  const words = [first.detail, beside.message === message ? undefined : beside.message, beside.detail];
  return [{ ...withCode(first), message, pointer, detail: joined(words) }, ...others.map(withCode)];
}

/**
 * One entry for each place that it names.
 *
 * @param isListed as an error, which it then is by any `detail`; of an object that lists none, a text must say so
 */
function readListedError(
  value: unknown,
  textOf: (value: unknown) => string | undefined,
  isListed: boolean,
): ListedError[] {
  if (typeof value === 'string') return readListedError({ message: value }, textOf, isListed);
  if (!isRecord(value)) return [];
  const id = textOf(value.id) ?? textOf(value.code);
  const said = textOf(value.message);
  const { pointers, prose } = readDetail(value.detail, textOf);
  const code = [id && CODE.test(id) && id, said && MESSAGE_CODE.test(said) && said].find(isText);
  const isSaid = hasText(value.detail, isListed ? DEEPEST_TEXT : 0);
  const message = [said, id, isSaid ? prose : undefined].find((candidate) => isText(candidate) && candidate !== code);
  if (code === undefined && message === undefined && !isSaid) return [];
  const detail = joined([id === code || id === message ? undefined : id, prose]);
  const places = pointers.length > 0 ? pointers : [undefined];
  return places.map((pointer) => ({ code, message, pointer, detail }));
}

/** @param depth of objects and lists that are looked into: a number alone says nothing */
function hasText(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return value.trim() !== '';
  if (depth === 0 || typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((member: unknown) => hasText(member, depth - 1));
}

/** Texts as one, each once. */
function joined(texts: readonly (string | undefined)[]): string | undefined {
  const told = [...new Set(texts.filter(isText))].join('; ');
  return told === '' ? undefined : told;
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
  return {
    pointers: texts.filter(isPlaces).flatMap((text) => text.split(/[\s,;]+/)),
    prose: joined(texts.filter((text) => !isPlaces(text))),
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
