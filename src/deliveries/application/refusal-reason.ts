import type { LalamoveException } from '../../errors/lalamove.exception.js';
import { blanked, sentDetails } from '../../errors/sent-details.js';
import { isText } from '../../internal/is-text.js';
import type { DeliveryReason } from '../domain/delivery-progress.js';
import { bookingField, namesOf, refusedFields } from './booking-fields.js';

/** Codes of Lalamove's that other content of the booking can cure. */
const CORRECTABLE: ReadonlySet<string> = new Set([
  'ERR_INVALID_PARAMS',
  'ERR_REQUIRED_FIELD',
  'ERR_MISSING_FIELD',
  'ERR_INVALID_FIELD',
  'ERR_INSUFFICIENT_STOPS',
  'ERR_TOO_MANY_STOPS',
  'ERR_DELIVERY_MISMATCH',
  'ERR_INVALID_LOCALE',
  'ERR_INVALID_PHONE_NUMBER',
  'ERR_INVALID_SCHEDULE_TIME',
  'ERR_INVALID_SERVICE_TYPE',
  'ERR_INVALID_SPECIAL_REQUEST',
  'ERR_OUT_OF_SERVICE_AREA',
  'ERR_REVERSE_GEOCODE_FAILURE',
  'ERR_INCORRECT_ADDRESS',
]);

/** The calls that send the booking. */
const BOOKING_CALLS: ReadonlySet<string | undefined> = new Set(['createQuotation', 'placeOrder']);

const REMEDY = 'with resolve({ rebook: true, changes })';

/** The part of a LalamoveException of which the reason is made. */
type Refusal = Pick<LalamoveException, 'code' | 'message' | 'operation' | 'errors'>;

/**
 * The reason to store for a call that Lalamove has refused: what is refused, and what to do if the booking can be
 * corrected. It contains no personal data.
 */
export function refusalReason(error: Refusal): DeliveryReason {
  const fields = refusedFields(error);
  return { code: error.code, message: messageOf(error, fields), ...(fields.length > 0 && { fields }) };
}

function messageOf({ code, message, operation, errors }: Refusal, fields: readonly string[]): string {
  const text = blanked(message);
  const { pointer, detail } = sentDetails(
    errors.map((each) => ({ ...each, pointer: bookingField(operation, each.pointer) ?? each.pointer })),
  );
  if (fields.length > 0) {
    const refused = `Lalamove refuses ${namesOf(fields).join(', ')} (${[pointer, detail].filter(isText).join(' ')})`;
    const remedy = `${refused}: correct ${fields.length === 1 ? 'it' : 'them'} ${REMEDY}.`;
    // The text of this code says no more than that a field is refused.
    return code === 'ERR_INVALID_FIELD' ? remedy : `${text} ${remedy}`;
  }
  const where = [pointer, detail].filter(isText).join(' ');
  const refused = where === '' ? text : `${text} (${where})`;
  const isCorrectable = CORRECTABLE.has(code) && BOOKING_CALLS.has(operation);
  return isCorrectable ? `${refused} Correct the booking ${REMEDY}.` : refused;
}
