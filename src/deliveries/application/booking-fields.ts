import type { LalamoveErrorItem } from '../../errors/lalamove-error-item.js';
import { isFieldName } from '../../errors/sent-details.js';

/** Lalamove may append the wrong value to a pointer, which may be personal data. */
const AFTER_PATH = /[:=].*$/s;

/** The members of a placed order that are members of the booking. The ids of quotation and stops are not. */
const CONTACT = /^\/data(\/(?:sender|recipients\/\d{1,2})(?:\/(?:name|phone|remarks))?)$/;
const OPTION = /^\/data(\/(?:isPODEnabled|isRecipientSMSEnabled|partner|metadata))(?:\/|$)/;

const QUOTED =
  /^\/data((?:\/(?:serviceType|language|stops|scheduleAt|specialRequests|isRouteOptimized|item)(?:\/.+)?)?)$/s;

/**
 * The field of a booking at which Lalamove's pointer points, as a JSON pointer such as `/recipients/0/phone`;
 * `undefined` if it points at nothing of the booking. Recipients and stops are sent in the order of the booking.
 */
export function bookingField(operation: string | undefined, pointer: string | undefined): string | undefined {
  const path = pointer?.replace(AFTER_PATH, '') ?? '';
  if (operation === 'placeOrder') return (CONTACT.exec(path) ?? OPTION.exec(path))?.[1];
  const [, quoted] = QUOTED.exec(path) ?? [];
  return operation === 'createQuotation' && quoted !== undefined && isFieldName(quoted)
    ? `/quotation${quoted}`
    : undefined;
}

/** The fields of a booking that Lalamove has refused. */
export function refusedFields({
  operation,
  errors,
}: {
  readonly operation: string | undefined;
  readonly errors: readonly LalamoveErrorItem[];
}): string[] {
  return [...new Set(errors.flatMap(({ pointer }) => bookingField(operation, pointer) ?? []))];
}

/** The fields for a sentence: `the phone of recipient 1` for `/recipients/0/phone`, `the address of stop 2`. */
export function namesOf(fields: readonly string[]): string[] {
  return [...new Set(fields.map(nameOf))];
}

function nameOf(field: string): string {
  const parts = field.split('/').slice(field.startsWith('/quotation/') ? 2 : 1);
  const [list = '', index] = parts;
  const isMember = list === 'recipients' || (list === 'stops' && index !== undefined);
  const owner = isMember ? `${list.slice(0, -1)} ${Number(index) + 1}` : `the ${list}`;
  const [member] = parts.slice(isMember ? 2 : 1);
  const isOwned = member !== undefined && !/^\d/.test(member);
  return isOwned ? `the ${member} of ${owner}` : owner;
}
