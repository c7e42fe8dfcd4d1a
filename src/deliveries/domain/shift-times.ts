import type {
  DeliveryAttempt,
  TrackedOrder,
  CurrentQuotation,
  DeliveryProgress,
  DuplicateOrder,
  UnreadOrder,
} from './delivery-progress.js';

/** Shifts one value of a progress. */
type Shift<Value> = (value: Value, ms: number) => Value;

const time: Shift<number> = (value, ms) => value + ms;

/** A time of which 0 says that there is none. */
const timeIfAny: Shift<number> = (value, ms) => (value === 0 ? 0 : value + ms);

/** How the members of a part are shifted that are times by our clock, or have such times. */
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

/** `statusAt` and `pricedAt` are by Lalamove's clock, and stay. */
const order: Shift<TrackedOrder> = (part, ms) =>
  shifted(part, { readAt: timeIfAny, placedAt: time, driverSince: timeIfAny }, ms);

const replacement: Shift<NonNullable<DeliveryProgress['replacement']>> = (part, ms) =>
  shifted(part, { until: time }, ms);

const duplicate: Shift<DuplicateOrder> = (part, ms) =>
  shifted(part, { order, replacement, lastUpdateAt: time, retryAt: time }, ms);

const unread: Shift<UnreadOrder> = (part, ms) => shifted(part, { retryAt: time }, ms);

/** A new part of the progress that has times by our clock is added here. */
const COURSE: Shifts<DeliveryProgress> = {
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
};

/**
 * What a progress is once our clock has been set anew: all of its times that rest on our clock are as far from now as
 * they were before. Times by Lalamove's clock stay, and so does the pick-up that was asked for.
 *
 * @param ms by how much the clock was set forward; below 0: back
 */
export function shiftTimes(progress: DeliveryProgress, ms: number): DeliveryProgress {
  return shifted(progress, COURSE, ms);
}
