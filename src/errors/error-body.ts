import { isRecord } from '../internal/is-record.js';
import { isText } from '../internal/is-text.js';
import { joinedTexts } from '../internal/joined-texts.js';
import { parsedJson } from '../internal/parsed-json.js';

/** One error that the body of an answer lists. Any member may be missing. */
export interface ListedError {
  code?: string;
  message?: string;
  pointer?: string;
  /** The text of `detail`, without its pointers. */
  detail?: string;
}

/** The content of an error body, the same for all of Lalamove's formats. */
export interface ErrorBody {
  /** `json` for a JSON object. Lalamove sends no other form. */
  form: 'json' | 'empty' | 'other';
  errors: ListedError[];
  requestId?: string;
}

/** A code is one word without spaces. Codes with our own prefix are not Lalamove's. */
const CODE = /^(?!LALAMOVE_)[\w.:-]{1,100}$/;
/** In `message` only a word that starts with `ERR_` is a code, because gateways write other single words there. */
const MESSAGE_CODE = /^ERR_[A-Z0-9_]{1,100}$/;

/** A JSON pointer into the request. Lalamove's member names have no spaces. */
const POINTER = /^\/[^\s,;]*$/;

const MAX_ERRORS = 50;
const MAX_TEXT_DEPTH = 3;
/** Long enough for the longest list of allowed values. */
const MAX_TEXT_LENGTH = 4000;

/**
 * Reads an error body: `{"message":"ERR_X"}` (v2), `{"errors":[{"id","message","detail"}]}` (v3) or `{"errors":{…}}`
 * (one object), each with an optional `meta.requestId`. Any other body (empty, HTML, truncated, other JSON) gives an
 * empty list. Never throws.
 *
 * @param clean is applied to every text that the result holds, to remove secrets
 */
export function readErrorBody(text: string, clean: (text: string) => string): ErrorBody {
  const textOf = (value: unknown): string | undefined => {
    const cleaned = typeof value === 'string' ? clean(value.trim()).slice(0, MAX_TEXT_LENGTH) : '';
    return cleaned === '' ? undefined : cleaned;
  };
  const body = parseJson(text);
  if (!isRecord(body)) return { form: text.trim() === '' ? 'empty' : 'other', errors: [] };
  const { errors: members, ...beside } = body;
  const listed = (Array.isArray(members) ? members.slice(0, MAX_ERRORS) : [members]).flatMap((value: unknown) =>
    readListedError(value, textOf, true),
  );
  const outer = readListedError(beside, textOf, false);
  return {
    form: 'json',
    errors: (listed.length > 0 ? completed(listed, outer) : outer).slice(0, MAX_ERRORS),
    requestId: isRecord(body.meta) ? textOf(body.meta.requestId) : undefined,
  };
}

/**
 * Completes the listed errors from the members beside the list: every error without a code gets the outer code, and
 * the first error gets the outer texts.
 */
function completed([first, ...others]: ListedError[], outer: readonly ListedError[]): ListedError[] {
  const [beside] = outer;
  if (!first || !beside) return first ? [first, ...others] : others;
  const withCode = (error: ListedError): ListedError => ({ ...error, code: error.code ?? beside.code });
  const message = first.message ?? beside.message;
  const pointer = first.pointer ?? beside.pointer;
  const details = [first.detail, beside.message === message ? undefined : beside.message, beside.detail];
  return [{ ...withCode(first), message, pointer, detail: joinedTexts(details, '; ') }, ...others.map(withCode)];
}

/**
 * Reads one error. The result has one entry for each pointer of the error.
 *
 * @param isListed whether the value stands in `errors`; then any `detail` makes it an error, else only a text does
 */
function readListedError(
  value: unknown,
  textOf: (value: unknown) => string | undefined,
  isListed: boolean,
): ListedError[] {
  if (typeof value === 'string') return readListedError({ message: value }, textOf, isListed);
  if (!isRecord(value)) return [];
  const id = textOf(value.id) ?? textOf(value.code);
  const text = textOf(value.message);
  const { pointers, prose } = readDetail(value.detail, textOf);
  const code = [id && CODE.test(id) && id, text && MESSAGE_CODE.test(text) && text].find(isText);
  const hasDetail = hasText(value.detail, isListed ? MAX_TEXT_DEPTH : 0);
  const message = [text, id, hasDetail ? prose : undefined].find((each) => isText(each) && each !== code);
  if (code === undefined && message === undefined && !hasDetail) return [];
  const detail = joinedTexts([id === code || id === message ? undefined : id, prose], '; ');
  const places = pointers.length > 0 ? pointers : [undefined];
  return places.map((pointer) => ({ code, message, pointer, detail }));
}

/** @param depth how many levels of objects and lists are searched; a number does not count as text */
function hasText(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return value.trim() !== '';
  if (depth === 0 || typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((member: unknown) => hasText(member, depth - 1));
}

/** `detail` holds pointers, or prose, or a list of both. The prose may be all that names the field. */
function readDetail(
  detail: unknown,
  textOf: (value: unknown) => string | undefined,
): { pointers: string[]; prose: string | undefined } {
  const texts = (Array.isArray(detail) ? detail.slice(0, MAX_ERRORS) : [detail])
    .map((part: unknown) => textOf(typeof part === 'string' ? part : writtenAs(part, textOf)))
    .filter(isText);
  const isPointers = (text: string): boolean => text.split(/[\s,;]+/).every((part) => POINTER.test(part));
  return {
    pointers: texts.filter(isPointers).flatMap((text) => text.split(/[\s,;]+/)),
    prose: joinedTexts(
      texts.filter((text) => !isPointers(text)),
      '; ',
    ),
  };
}

/** Writes an object or a number as JSON. Its texts are cleaned first, because JSON escapes can hide a secret. */
function writtenAs(value: unknown, textOf: (value: unknown) => string | undefined): string | undefined {
  if (value === undefined || value === null) return undefined;
  return JSON.stringify(value, (_, member: unknown) => (typeof member === 'string' ? (textOf(member) ?? '') : member));
}

function parseJson(text: string): unknown {
  // The test avoids the exception of the parser for an HTML page, which takes longer than all other steps.
  if (!/^\s*\{/.test(text)) return undefined;
  return parsedJson(text);
}
