import { fieldErrors, type FieldError } from '../../api/requests/field-errors.js';
import { isRecord } from '../../internal/is-record.js';
import { isText } from '../../internal/is-text.js';
import { isWellFormed } from '../../internal/well-formed.js';
import { InvalidDeliveryException } from '../delivery.exceptions.js';
import { unmodifiedSince } from './method-inputs.js';
import { ResolveDeliveryDto, type DeliveryChangesDto } from './resolve-delivery.dto.js';
import { uncopyableMembers } from './uncopyable-members.js';

/** A validated resolution. */
export type CheckedResolution = {
  readonly by: string | undefined;
  /** The time of the last change that the person has seen, in ms. */
  readonly since: number | undefined;
} & (
  | { readonly orderId: string }
  | { readonly rebook: true; readonly maxPrice?: string; readonly changes?: DeliveryChangesDto }
  | { readonly cancel: true }
);

const WAYS = 'must be one of { orderId, by? }, { rebook: true, maxPrice?, changes?, by? } and { cancel: true, by? }';
const CONTACT = ['name', 'phone'];
const OPTIONS = ['isPODEnabled', 'isRecipientSMSEnabled', 'partner', 'metadata'];
const CHANGEABLE = ['quotation', 'sender', 'recipients', 'policy', ...OPTIONS];

/**
 * Validates the resolution of a delivery that needs attention. `null` means the same as left out.
 *
 * @throws InvalidDeliveryException
 */
export function checkedResolution(resolution: unknown, options?: unknown): CheckedResolution {
  const { orderId, rebook, cancel, maxPrice, changes, by } = withoutMissing(resolution);
  const ways = [orderId, rebook, cancel].filter((way) => way !== undefined);
  if (ways.length !== 1 || rebook === false || cancel === false) throw invalid([{ pointer: '', message: WAYS }]);
  // First, because the other checks would read what cannot be copied.
  const uncopyable = uncopyableMembers({ changes });
  const errors = uncopyable.length > 0 ? uncopyable : memberErrors(resolution);
  if (errors.length > 0) throw invalid(errors);
  if (rebook !== true && changes !== undefined) throw invalid([{ pointer: '/changes', message: 'needs rebook: true' }]);
  const who = { by: isText(by) ? by : undefined, since: unmodifiedSince(options) };
  if (typeof orderId === 'string') return { orderId, ...who };
  if (cancel === true) return { cancel, ...who };
  return {
    rebook: true,
    ...who,
    ...(isText(maxPrice) && { maxPrice }),
    // A copy, so that later changes of the input have no effect.
    ...(isChanges(changes) && { changes: structuredClone(changes) }),
  };
}

function memberErrors(resolution: unknown): FieldError[] {
  const { changes, by } = withoutMissing(resolution);
  return [
    ...fieldErrors(ResolveDeliveryDto, resolution).map((error) => ({
      ...error,
      pointer: error.pointer.replace(/^\/data/, ''),
    })),
    ...unknownMembers(changes),
    ...(typeof by === 'string' && !isWellFormed(by)
      ? [{ pointer: '/by', message: 'must be well-formed Unicode' }]
      : []),
  ];
}

/** A misspelled member would leave the mistake in. A quotation may have members that are new at Lalamove. */
function unknownMembers(changes: unknown): FieldError[] {
  if (!isRecord(changes)) return [];
  const recipients: readonly unknown[] = Array.isArray(changes.recipients) ? changes.recipients : [];
  return [
    ...namesBeyond(CHANGEABLE, changes, '/changes'),
    ...namesBeyond(CONTACT, changes.sender, '/changes/sender'),
    ...recipients.flatMap((entry, index) =>
      namesBeyond([...CONTACT, 'remarks'], entry, `/changes/recipients/${index}`),
    ),
  ];
}

function namesBeyond(known: readonly string[], value: unknown, pointer: string): FieldError[] {
  const names = isRecord(value) ? Object.keys(value).filter((name) => !known.includes(name)) : [];
  return names.length === 0 ? [] : [{ pointer, message: `has only ${known.join(', ')}, and not ${names.join(', ')}` }];
}

function withoutMissing(value: unknown): Readonly<Record<string, unknown>> {
  const members = Object.entries(isRecord(value) ? value : {});
  return Object.fromEntries(members.filter(([, member]) => member !== undefined && member !== null));
}

/** `ResolveDeliveryDto` has checked it. */
function isChanges(value: unknown): value is DeliveryChangesDto {
  return isRecord(value);
}

function invalid(errors: readonly FieldError[]): InvalidDeliveryException {
  return new InvalidDeliveryException(errors);
}
