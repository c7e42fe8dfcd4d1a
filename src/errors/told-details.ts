import type { LalamoveErrorItem } from './lalamove.exception.js';

/** Phone numbers, and ids beside them: a line of a log is not to hold them. */
const LONG_NUMBERS = /\+?\d[\d\s().-]{4,}\d/g;
const ADDRESSES = /[^\s'"]+@[^\s'"]+/g;
const LONGEST_DETAIL = 500;

/** What a line of a log says of where the faults of a request are: pointers, and Lalamove's prose with numbers and e-mail addresses blanked. */
export function toldDetails(errors: readonly LalamoveErrorItem[]): { pointer?: string; detail?: string } {
  const pointer = joined(errors.map((error) => error.pointer));
  const detail = joined(
    errors.map((error) => error.detail),
    '; ',
  );
  return {
    ...(pointer !== undefined && { pointer }),
    ...(detail !== undefined && {
      detail: JSON.stringify(detail.replace(LONG_NUMBERS, '…').replace(ADDRESSES, '…').slice(0, LONGEST_DETAIL)),
    }),
  };
}

function joined(texts: readonly (string | undefined)[], between = ','): string | undefined {
  const told = [...new Set(texts.filter((text) => text !== undefined))];
  return told.length === 0 ? undefined : told.join(between);
}
