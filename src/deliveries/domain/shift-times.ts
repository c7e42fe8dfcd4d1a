import type {
  DeliveryAttempt,
  TrackedOrder,
  CurrentQuotation,
  DeliveryProgress,
  DuplicateOrder,
  UnreadOrder,
} from './delivery-progress.js';

/** Shifts one value of the progress. */
type Shift<Value> = (value: Value, ms: number) => Value;

const time: Shift<number> = (value, ms) => value + ms;

/** A time; 0 means that there is none. */
const timeIfAny: Shift<number> = (value, ms) => (value === 0 ? 0 : value + ms);

/** How to shift the members of a part that are, or contain, times by our clock. */
type Shifts<Part> = { readonly [Member in keyof Part]?: Shift<NonNullable<Part[Member]>> };

function shifted<Part extends object>(part: Part, shifts: Shifts<Part>, ms: number): Part {
  const result = { ...part };
  for (const member of membersOf(shifts)) {
    const value = part[member];
    const shift = shifts[member];
    if (value !== undefined && value !== null && shift) result[member] = shift(value, ms);
  }
  return result;
}

function membersOf<Part>(shifts: Shifts<Part>): (keyof Part)[] {
  const members: (keyof Part)[] = [];
  for (const member in shifts) members.push(member);
  return members;
}

const quotation: Shift<CurrentQuotation> = (part, ms) => shifted(part, { expiresAt: time }, ms);

const attempt: Shift<DeliveryAttempt> = (part, ms) => shifted(part, { quotationExpiresAt: time, reservedAt: time }, ms);

/** `statusAt` and `pricedAt` are times by Lalamove's clock: they stay. */
const order: Shift<TrackedOrder> = (part, ms) =>
  shifted(part, { readAt: timeIfAny, placedAt: time, driverSince: timeIfAny }, ms);

const replacement: Shift<NonNullable<DeliveryProgress['replacement']>> = (part, ms) =>
  shifted(part, { until: time }, ms);

const duplicate: Shift<DuplicateOrder> = (part, ms) =>
  shifted(part, { order, replacement, lastUpdateAt: time, retryAt: time }, ms);

const unread: Shift<UnreadOrder> = (part, ms) => shifted(part, { retryAt: time }, ms);

/** Add every new member of the progress that has times by our clock. */
const PROGRESS: Shifts<DeliveryProgress> = {
  quotation,
  attempt,
  order,
  cancelAskedAt: time,
  lastUpdateAt: time,
  retryAt: time,
  replacement,
  duplicates: (list, ms) => list.map((part) => duplicate(part, ms)),
  unread: (list, ms) => list.map((part) => unread(part, ms)),
  lost: (part, ms) => shifted(part, { since: time, until: time }, ms),
  uncorrectableUntil: time,
  restored: (part, ms) => shifted(part, { at: time }, ms),
};

/**
 * Shifts the times of a progress after our clock was set: all times by our clock keep their distance from now. Times by
 * Lalamove's clock and the scheduled pick-up stay.
 *
 * @param ms how far the clock was set forward; negative if it was set back
 */
export function shiftTimes(progress: DeliveryProgress, ms: number): DeliveryProgress {
  return shifted(progress, PROGRESS, ms);
}
