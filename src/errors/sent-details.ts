import type { LalamoveErrorItem } from './lalamove-error-item.js';
import { joinedTexts } from '../internal/joined-texts.js';

/** Phone numbers and other long numbers, in the digits of any script. A log line must not hold them. */
const LONG_NUMBERS = /[+＋]?\p{Nd}[\p{Nd}\s().\p{Pd}]{4,}\p{Nd}/gu;
const ADDRESSES = /[^\s'"]+@[^\s'"]+/g;
/** Quoted texts. An apostrophe within a word is no quote. A quote that is not closed goes to the end of the text. */
const QUOTED = ["''", '""', '``', '“”', '‘’', '«»']
  .map(([open = '', close = '']) => `${open}.*?(?:${close}(?![\\p{L}\\p{N}])|$)`)
  .join('|');
const QUOTES = new RegExp(`(?<![\\p{L}\\p{N}])(?:${QUOTED})`, 'gsu');
/** The rest of a pointer after its path, which may hold the wrong value. */
const AFTER_PATH = /[:=].*$/s;
const MAX_DETAIL_LENGTH = 500;

/** Field names of requests, which are not personal data. */
const FIELDS = new Set(
  (
    'data field path property scheduleAt serviceType specialRequests language stops coordinates lat lng address item ' +
    'quantity weight categories handlingInstructions isRouteOptimized quotationId sender recipients stopId name ' +
    'phone remarks isPODEnabled partner metadata orderId driverId reason priorityFee url market cashOnDelivery amount'
  ).split(' '),
);

/** The log fields that say where a request is wrong: pointers and Lalamove's text, both without personal data. */
export function sentDetails(errors: readonly LalamoveErrorItem[]): { pointer?: string; detail?: string } {
  const pointer = joinedTexts(
    errors.map((error) => error.pointer && blanked(error.pointer.replace(AFTER_PATH, '…'))),
    ',',
  );
  const detail = joinedTexts(
    errors.map((error) => error.detail && blanked(error.detail)),
    '; ',
  );
  return {
    ...(pointer !== undefined && { pointer }),
    ...(detail !== undefined && { detail: JSON.stringify(detail.slice(0, MAX_DETAIL_LENGTH)) }),
  };
}

/** Removes quoted values, long numbers and e-mail addresses from a text of Lalamove's. Quoted field names stay. */
export function blanked(text: string): string {
  return text
    .replace(QUOTES, (quoted) => (isFieldName(quoted.slice(1, -1)) ? quoted : "'…'"))
    .replace(LONG_NUMBERS, '…')
    .replace(ADDRESSES, '…');
}

/** Whether a text is a field name or a path of them, such as `phone`, `recipients[0].phone` or `/stops/0`. */
export function isFieldName(text: string): boolean {
  return text.split(/[.[\]/]+/).every((part) => FIELDS.has(part) || /^\d{0,2}$/.test(part));
}
