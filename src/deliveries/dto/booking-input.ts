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
import { misspelledMembers } from './misspelled-members.js';
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
 * Whether a reference was used for the same request, which sends the same data to Lalamove. If a person has corrected
 * the request, each version of it is the same. A row of an earlier version of this package has a hash of the input, in
 * which `22.3` and `'22.3'` differ. An erased delivery has only its hashes.
 */
export function isSameRequest(known: DeliveryRecord, asked: CheckedBooking): boolean {
  if (known.requestHash === asked.requestHash || known.requestHash === hashOf(asked.request)) return true;
  if (known.progress.corrected?.includes(asked.requestHash)) return true;
  return known.request !== undefined && hashOfSent(known.request) === asked.requestHash;
}

/**
 * The members in which a request differs from the one that has its reference, such as `recipients`. Their values are
 * not given. Of an erased or a corrected request the first content is not known: then the list is empty.
 */
export function differingMembers({ request, progress }: DeliveryRecord, asked: CheckedBooking): string[] {
  if (request === undefined || progress.corrected !== undefined) return [];
  const [known, other] = [sentBooking(request), sentBooking(asked.request)].map((sent): Record<string, unknown> =>
    isRecord(sent) ? sent : {},
  );
  const names = new Set([...Object.keys(known ?? {}), ...Object.keys(other ?? {})]);
  return [...names].filter((name) => canonical([known?.[name]]) !== canonical([other?.[name]])).sort();
}

/** The errors of the first check that fails, because each check relies on the checks before it. */
export function bookingErrors(input: unknown, base: DeliveryPolicy): FieldError[] {
  // This check comes first. If another check awaited a rejecting promise, the rejection would be unhandled.
  const checks = [
    () => uncopyableMembers(input),
    () => [...memberErrors(input), ...misspelledMembers(input)],
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
  const [be, s] = dropOffs === 1 ? ['is', ''] : ['are', 's'];
  const message = `there must be ${dropOffs} recipient${s}, because there ${be} ${dropOffs} drop-off${s}`;
  return [{ pointer: '/recipients', message }];
}

function lengthOf(list: unknown): number {
  return Array.isArray(list) ? list.length : 0;
}

function policyErrors(input: unknown, base: DeliveryPolicy): FieldError[] {
  const { policy }: Record<string, unknown> = isRecord(input) ? input : {};
  return policyProblems(policy ?? undefined, base).map(({ part, message }) => ({
    pointer: part === '' ? '/policy' : `/policy/${part}`,
    message,
  }));
}

/** The hash of what would be sent. Equal requests have the same. */
export function hashOfSent(request: BookedRequest): string {
  return hashOf(sentBooking(request));
}

function sentBooking(request: BookedRequest): unknown {
  return JSON.parse(sentJson({ ...request, quotation: sentInput(request.quotation) }));
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('base64url');
}

/** JSON with sorted keys, so that the order of the keys does not change the hash. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    isRecord(member) ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1))) : member,
  );
}
