import type {
  CourseAttempt,
  CourseOrder,
  CourseQuotation,
  DeliveryCourse,
  DuplicateOrder,
  UnreadOrder,
} from './delivery-progress.js';

/** Shifts one value of a course. */
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

const quotation: Shift<CourseQuotation> = (part, ms) => shifted(part, { expiresAt: time }, ms);

const attempt: Shift<CourseAttempt> = (part, ms) => shifted(part, { quotationExpiresAt: time, reservedAt: time }, ms);

/** `toldAt` and `pricedAt` are by Lalamove's clock, and stay. */
const order: Shift<CourseOrder> = (part, ms) =>
  shifted(part, { readAt: timeIfAny, placedAt: time, driverSince: timeIfAny }, ms);

const replacement: Shift<NonNullable<DeliveryCourse['replacement']>> = (part, ms) => shifted(part, { until: time }, ms);

const duplicate: Shift<DuplicateOrder> = (part, ms) =>
  shifted(part, { order, replacement, heardAt: time, retryAt: time }, ms);

const unread: Shift<UnreadOrder> = (part, ms) => shifted(part, { retryAt: time }, ms);

/** A new part of the course that has times by our clock is added here. */
const COURSE: Shifts<DeliveryCourse> = {
  quotation,
  attempt,
  order,
  cancelAskedAt: time,
  heardAt: time,
  retryAt: time,
  replacement,
  duplicates: (list, ms) => list.map((part) => duplicate(part, ms)),
  unread: (list, ms) => list.map((part) => unread(part, ms)),
  lost: (part, ms) => shifted(part, { since: time, until: time }, ms),
};

/**
 * What a course is once our clock has been set anew: all of its times that rest on our clock are as far from now as
 * they were before. Times by Lalamove's clock stay, and so does the pick-up that was asked for.
 *
 * @param ms by how much the clock was set forward; below 0: back
 */
export function shiftTimes(course: DeliveryCourse, ms: number): DeliveryCourse {
  return shifted(course, COURSE, ms);
}
