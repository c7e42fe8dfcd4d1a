import type { LalamoveErrorItem } from './lalamove-error-item.js';

/** Phone numbers, and ids beside them, in whichever digits: a line of a log is not to hold them. */
const LONG_NUMBERS = /[+＋]?\p{Nd}[\p{Nd}\s().\p{Pd}]{4,}\p{Nd}/gu;
const ADDRESSES = /[^\s'"]+@[^\s'"]+/g;
/** An apostrophe within a word opens and closes nothing; what is not closed goes on to the end. */
const QUOTED = ["''", '""', '``', '“”', '‘’', '«»']
  .map(([open = '', close = '']) => `${open}.*?(?:${close}(?![\\p{L}\\p{N}])|$)`)
  .join('|');
const QUOTES = new RegExp(`(?<![\\p{L}\\p{N}])(?:${QUOTED})`, 'gsu');
/** What is behind the place itself, such as the value that was wrong there. */
const BEHIND_PLACE = /[:=].*$/s;
const LONGEST_DETAIL = 500;

/** Names of what is sent, which are no value of anybody's. */
const FIELDS = new Set(
  (
    'data field path property scheduleAt serviceType specialRequests language stops coordinates lat lng address item quantity weight ' +
    'categories handlingInstructions isRouteOptimized quotationId sender recipients stopId name phone remarks isPODEnabled ' +
    'partner metadata orderId driverId reason priorityFee url market cashOnDelivery amount'
  ).split(' '),
);

/** What a line of a log says of where the faults of a request are: pointers, and Lalamove's prose, both without what may be about a person. */
export function sentDetails(errors: readonly LalamoveErrorItem[]): { pointer?: string; detail?: string } {
  const pointer = joined(errors.map((error) => error.pointer && blanked(error.pointer.replace(BEHIND_PLACE, '…'))));
  const detail = joined(
    errors.map((error) => error.detail && blanked(error.detail)),
    '; ',
  );
  return {
    ...(pointer !== undefined && { pointer }),
    ...(detail !== undefined && { detail: JSON.stringify(detail.slice(0, LONGEST_DETAIL)) }),
  };
}

/** A text of Lalamove's without quoted values, long numbers and e-mail addresses; quoted names of fields stay. */
export function blanked(text: string): string {
  return text
    .replace(QUOTES, (quoted) => (isFieldName(quoted.slice(1, -1)) ? quoted : "'…'"))
    .replace(LONG_NUMBERS, '…')
    .replace(ADDRESSES, '…');
}

/** Such as `phone`, `recipients[0].phone`. */
function isFieldName(text: string): boolean {
  return text.split(/[.[\]/]+/).every((part) => FIELDS.has(part) || /^\d{0,2}$/.test(part));
}

function joined(texts: readonly (string | undefined)[], between = ','): string | undefined {
  const told = [...new Set(texts.filter((text) => text !== undefined))];
  return told.length === 0 ? undefined : told.join(between);
}
