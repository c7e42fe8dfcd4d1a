import { zonedTime } from '../../api/requests/sent-time.js';
import { isObject } from '../../internal/is-object.js';
import { isRecord } from '../../internal/is-record.js';
import { InvalidDeliveryException } from '../delivery.exceptions.js';
import type { DeliveryPolicy } from '../domain/delivery-policy.js';
import type { BookedRequest, DeliveryRecord } from '../storage/delivery-record.js';
import { bookingErrors, canonical, hashOfSent } from './booking-input.js';
import type { DeliveryChangesDto } from './resolve-delivery.dto.js';

/** A request that a person has corrected. */
export interface CorrectedBooking {
  readonly request: BookedRequest;
  /** Unix ms; `undefined` for at once. */
  readonly scheduleAt: number | undefined;
  /** The fields that differ, as JSON pointers into the booking. */
  readonly fields: readonly string[];
  /** The hashes of the request before and after. */
  readonly hashes: readonly string[];
}

/** The parts whose members are changed one by one. */
const MERGED: ReadonlySet<string> = new Set(['sender', 'quotation']);

/**
 * Applies changes to a stored request, and validates the result as strictly as a booking.
 *
 * @param base the module's policy, which completes the booking's own policy
 * @param maxPrice the new limit of the price, if there is one
 * @throws InvalidDeliveryException with pointers below `/changes`
 */
export function correctedBooking(
  { account, reference, request: before }: Pick<DeliveryRecord, 'account' | 'reference'> & { request: BookedRequest },
  changes: DeliveryChangesDto,
  base: DeliveryPolicy,
  maxPrice: string | undefined,
): CorrectedBooking {
  const asked = { ...withChanges(before, changes), ...(maxPrice !== undefined && { maxPrice }) };
  // As JSON, because it is compared with a request that was stored as JSON.
  const request: unknown = JSON.parse(JSON.stringify(asked));
  const errors = bookingErrors({ ...asked, reference, ...(account !== '' && { account }) }, base);
  if (errors.length > 0 || !isRequest(request)) {
    throw new InvalidDeliveryException(errors.map((error) => ({ ...error, pointer: `/changes${error.pointer}` })));
  }
  const fields = changedMembers(before, request);
  if (fields.length === 0) {
    const message = 'change nothing: the booking has these values already, or a pipe removed a misspelled member';
    throw new InvalidDeliveryException([{ pointer: '/changes', message }]);
  }
  return {
    request,
    scheduleAt: zonedTime(request.quotation.scheduleAt),
    fields,
    hashes: [hashOfSent(before), hashOfSent(request)],
  };
}

function withChanges(before: BookedRequest, changes: DeliveryChangesDto): Record<string, unknown> {
  const request: Record<string, unknown> = { ...before };
  for (const [name, change] of Object.entries(changes) as [string, unknown][]) {
    const known = request[name];
    if (change === undefined) continue;
    if (MERGED.has(name)) request[name] = merged(known, change);
    else if (name === 'recipients' && Array.isArray(change)) {
      const recipients: readonly unknown[] = before.recipients;
      request[name] = change.map((entry: unknown, index) => merged(recipients[index], entry));
    } else request[name] = change;
  }
  return withoutNulls(request);
}

/** Changes the members of an object. Validation refuses anything else. */
function merged(before: unknown, change: unknown): unknown {
  if (!isRecord(change)) return change;
  const given = Object.entries(change).filter(([, value]) => value !== undefined);
  return withoutNulls({ ...(isRecord(before) && before), ...Object.fromEntries(given) });
}

function withoutNulls(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null && member !== undefined));
}

/** Validation has checked it. */
function isRequest(value: unknown): value is BookedRequest {
  return isRecord(value) && isRecord(value.quotation) && isRecord(value.sender) && Array.isArray(value.recipients);
}

/** The depth to which a member of a booking is named: `/sender/phone`, `/recipients/0/phone`, `/metadata`. */
const DEPTHS: Readonly<Record<string, number>> = { sender: 1, quotation: 1, recipients: 2 };

function changedMembers(before: object, after: object): string[] {
  return membersOf(before, after).flatMap(([name, known, now]) =>
    changedFields(known, now, `/${name}`, DEPTHS[name] ?? 0),
  );
}

function changedFields(before: unknown, after: unknown, pointer: string, depth: number): string[] {
  if (canonical(before ?? null) === canonical(after ?? null)) return [];
  if (depth === 0 || !isObject(before) || !isObject(after)) return [pointer];
  return membersOf(before, after).flatMap(([name, known, now]) =>
    changedFields(known, now, `${pointer}/${name}`, depth - 1),
  );
}

/** The members of two objects or lists, by name. */
function membersOf(before: object, after: object): [name: string, before: unknown, after: unknown][] {
  const [known, now] = [
    new Map<string, unknown>(Object.entries(before)),
    new Map<string, unknown>(Object.entries(after)),
  ];
  return [...new Set([...known.keys(), ...now.keys()])].map((name) => [name, known.get(name), now.get(name)]);
}
