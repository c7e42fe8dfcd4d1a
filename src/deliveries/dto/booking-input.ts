import { createHash } from 'node:crypto';
import { fieldErrors, type FieldError } from '../../api/requests/field-errors.js';
import { sentInput, sentJson } from '../../api/requests/sent-input.js';
import { zonedTime } from '../../api/requests/sent-time.js';
import { isRecord } from '../../internal/is-record.js';
import { InvalidDeliveryException } from '../delivery.exceptions.js';
import type { DeliveryPolicy } from '../domain/delivery-policy.js';
import { policyProblems } from '../domain/policy-checks.js';
import type { BookedRequest, DeliveryRecord } from '../storage/delivery-record.js';
import { BookDeliveryDto } from './book-delivery.dto.js';
import { bookingTextErrors } from './booking-text.js';
import { uncopyableMembers } from './uncopyable-members.js';

/** A validated booking. */
export type CheckedBooking = Pick<DeliveryRecord, 'account' | 'reference' | 'requestHash' | 'scheduleAt'> & {
  readonly request: BookedRequest;
};

/**
 * Validates a booking and copies it, so that later changes of the input have no effect.
 *
 * @param base the module's policy, which completes the booking's own policy
 * @throws InvalidDeliveryException
 */
export function checkedBooking(input: BookDeliveryDto, base: DeliveryPolicy): CheckedBooking {
  const errors = bookingErrors(input, base);
  if (errors.length > 0) throw new InvalidDeliveryException(errors);
  const { reference, account, ...request } = input;
  const copy: BookedRequest = structuredClone({ ...request, policy: request.policy ?? undefined });
  return {
    account: account ?? '',
    reference,
    request: copy,
    requestHash: hashOfSent(copy),
    scheduleAt: zonedTime(copy.quotation.scheduleAt),
  };
}

/**
 * Whether a reference was used for the same request, which sends the same data to Lalamove. A row of an earlier version
 * has a hash of the input, in which `22.3` and `'22.3'` differ. An erased delivery has only its hash.
 */
export function isSameRequest(known: DeliveryRecord, asked: CheckedBooking): boolean {
  if (known.requestHash === asked.requestHash || known.requestHash === hashOf(asked.request)) return true;
  return known.request !== undefined && hashOfSent(known.request) === asked.requestHash;
}

/** The errors of the first check that fails, because each check relies on the checks before it. */
function bookingErrors(input: BookDeliveryDto, base: DeliveryPolicy): FieldError[] {
  // This check comes first. If another check awaited a rejecting promise, the rejection would be unhandled.
  const checks = [
    () => uncopyableMembers(input),
    () => memberErrors(input),
    () => bookingTextErrors(input),
    () => countErrors(input),
    () => policyErrors(input, base),
  ];
  for (const check of checks) {
    const errors = check();
    if (errors.length > 0) return [...errors];
  }
  return [];
}

function memberErrors(input: unknown): FieldError[] {
  return fieldErrors(BookDeliveryDto, input).map(({ pointer, message }) => ({
    pointer: pointer.replace(/^\/data/, ''),
    message,
  }));
}

function countErrors(input: unknown): FieldError[] {
  const { quotation, recipients }: Record<string, unknown> = isRecord(input) ? input : {};
  const stops = isRecord(quotation) ? quotation.stops : undefined;
  const dropOffs = lengthOf(stops) - 1;
  if (lengthOf(recipients) === dropOffs) return [];
  return [{ pointer: '/recipients', message: `there must be one for each of the ${dropOffs} drop-offs` }];
}

function lengthOf(list: unknown): number {
  return Array.isArray(list) ? list.length : 0;
}

function policyErrors({ policy }: BookDeliveryDto, base: DeliveryPolicy): FieldError[] {
  return policyProblems(policy ?? undefined, base).map(({ part, message }) => ({
    pointer: part === '' ? '/policy' : `/policy/${part}`,
    message,
  }));
}

function hashOfSent(request: BookedRequest): string {
  return hashOf(JSON.parse(sentJson({ ...request, quotation: sentInput(request.quotation) })));
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('base64url');
}

/** JSON with sorted keys, so that the order of the keys does not change the hash. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    isRecord(member) ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1))) : member,
  );
}
