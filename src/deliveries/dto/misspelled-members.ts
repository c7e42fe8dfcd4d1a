import type { FieldError } from '../../api/requests/field-errors.js';
import { isRecord } from '../../internal/is-record.js';

const MEMBERS = [
  'reference',
  'account',
  'quotation',
  'sender',
  'recipients',
  'metadata',
  'policy',
  'maxPrice',
  'partner',
  'isPODEnabled',
  'isRecipientSMSEnabled',
];

const NAMES = new Map(MEMBERS.map((name) => [plain(name), name]));

/**
 * Finds members of a booking that differ from a known one in case or separators alone, such as `maxprice` and
 * `max_price`. Other unknown members are new at Lalamove, or the host's. These would silently leave out a limit.
 */
export function misspelledMembers(booking: unknown): FieldError[] {
  const names = isRecord(booking) ? Object.keys(booking) : [];
  return names.flatMap((name) => {
    const meant = NAMES.get(plain(name));
    return meant === undefined || meant === name
      ? []
      : [{ pointer: `/${name}`, message: `is unknown: write ${meant}` }];
  });
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[_-]/g, '');
}
