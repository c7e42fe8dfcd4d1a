import type { FieldError } from '../api/requests/field-errors.js';
import { isRecord } from '../internal/is-record.js';
import { LONGEST_TIMER_MS } from '../internal/timer-limit.js';

/** What may differ from call to call; each has the account's own setting as its default. */
export interface RequestOptions {
  /** Another market of the same keys. */
  market?: string;
  /**
   * Ends the call: `LalamoveAbortedException` (a `LalamoveTimeoutException` where it is an `AbortSignal.timeout()`), or the outcome is unknown
   * where it may have been carried out.
   */
  signal?: AbortSignal;
  /** How long one attempt may take, headers and body, in ms. */
  timeoutMs?: number;
  /** How long the whole call may take, with waits and repeats, in ms. */
  deadlineMs?: number;
  /** How often it is sent at the most, where it may be repeated at all. */
  maxAttempts?: number;
  /** Sent as `Request-ID` on every attempt; without it each attempt gets a fresh UUID. */
  requestId?: string;
  /** Whether the input is checked before it travels. */
  validate?: boolean;
}

/** Visible ASCII: what a header can carry without being taken for two. */
const HEADER_TEXT = /^[\x21-\x7e]{1,200}$/;

/** How often a call may be sent at the most. */
const MAX_ATTEMPTS = 1000;

/** What a time must be. */
export const MS_REMEDY = `must be a number of ms above 0, and at most ${LONGEST_TIMER_MS} (24 days)`;

/** What a number of times must be. */
export const COUNT_REMEDY = `must be a whole number of at least 1, and at most ${MAX_ATTEMPTS}`;

/** What each option must be. */
const CHECKS: Readonly<Record<keyof RequestOptions, [holds: (value: unknown) => boolean, remedy: string]>> = {
  market: [isMarket, 'must be a two-letter market, such as HK'],
  signal: [isSignal, 'must be an AbortSignal'],
  timeoutMs: [isMs, MS_REMEDY],
  deadlineMs: [isMs, MS_REMEDY],
  maxAttempts: [isCount, COUNT_REMEDY],
  requestId: [isHeaderText, 'must be 1 to 200 visible ASCII characters'],
  validate: [(value) => typeof value === 'boolean', 'must be true or false'],
};

/** What is wrong with a call's own options; empty where all is well. */
export function requestOptionErrors(options: unknown): FieldError[] {
  if (!isRecord(options)) return [{ pointer: '/options', message: 'must be an object' }];
  return Object.entries(options).flatMap(([name, value]) => {
    if (!isOption(name)) {
      return [
        {
          pointer: `/options/${name}`,
          message: `${name} is not an option: the options are ${Object.keys(CHECKS).join(', ')}`,
        },
      ];
    }
    const [holds, remedy] = CHECKS[name];
    return value === undefined || holds(value) ? [] : [{ pointer: `/options/${name}`, message: `${name} ${remedy}` }];
  });
}

function isOption(name: string): name is keyof RequestOptions {
  return Object.hasOwn(CHECKS, name);
}

/** A market is two letters; which ones exist is Lalamove's to say. */
export function isMarket(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z]{2}$/.test(value);
}

/** A time that a timer can wait, in ms. */
export function isMs(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value <= LONGEST_TIMER_MS;
}

/** A number of times. */
export function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_ATTEMPTS;
}

function isHeaderText(value: unknown): boolean {
  return typeof value === 'string' && HEADER_TEXT.test(value);
}

function isSignal(value: unknown): boolean {
  const methods = ['addEventListener', 'removeEventListener'];
  return (
    isRecord(value) && typeof value.aborted === 'boolean' && methods.every((name) => typeof value[name] === 'function')
  );
}
