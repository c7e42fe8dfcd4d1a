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

/** A booking, checked. */
export type CheckedBooking = Pick<DeliveryRecord, 'account' | 'reference' | 'requestHash' | 'scheduleAt'> & {
  readonly request: BookedRequest;
};

/**
 * Checks a booking, and copies it: what the host does to its input afterwards changes nothing.
 *
 * @param base the policy that its own policy is checked with
 * @throws InvalidDeliveryException
 */
export function checkedBooking(input: BookDeliveryDto, base: DeliveryPolicy): CheckedBooking {
  const errors = bookingErrors(input, base);
  if (errors.length > 0) throw new InvalidDeliveryException(errors);
  const { reference, account, ...request } = input;
  const written: BookedRequest = structuredClone({ ...request, policy: request.policy ?? undefined });
  return {
    account: account ?? '',
    reference,
    request: written,
    requestHash: hashOfSent(written),
    scheduleAt: zonedTime(written.quotation.scheduleAt),
  };
}

/**
 * Whether a reference was used for the same request: one that would send the same. A row of an earlier version has a
 * hash of what was written, in which `22.3` and `'22.3'` differ; an erased delivery has no more than its hash.
 */
export function isSameRequest(known: DeliveryRecord, asked: CheckedBooking): boolean {
  if (known.requestHash === asked.requestHash || known.requestHash === hashOf(asked.request)) return true;
  return known.request !== undefined && hashOfSent(known.request) === asked.requestHash;
}

/** The errors of the first check that fails: each rests on those before it. */
function bookingErrors(input: BookDeliveryDto, base: DeliveryPolicy): FieldError[] {
  // First, for a promise that is looked into and rejects would be nobody's to handle.
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
  return [{ pointer: '/recipients', message: `there must be one for each drop-off, which are ${dropOffs}` }];
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

/** JSON with its keys in one order: the same request in another spelling is the same request. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    isRecord(member) ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1))) : member,
  );
}
