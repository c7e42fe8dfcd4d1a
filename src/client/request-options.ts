import type { FieldError } from '../api/requests/field-errors.js';
import { isRecord } from '../internal/is-record.js';
import { LONGEST_TIMER_MS } from '../internal/timer-limit.js';
import { validateOptions, type OptionCheck, type OptionChecks } from '../internal/validate-options.js';
import { hasMethods, isBoolean, isNumberUpTo, isWholeFrom } from '../internal/value-checks.js';

/** Options of one call. Each has the account's setting as its default. */
export interface RequestOptions {
  /** Another market of the same keys. */
  market?: string;
  /**
   * Ends the call with a `LalamoveAbortedException` (for an `AbortSignal.timeout()` with a `LalamoveTimeoutException`).
   * If the call may have been carried out, its outcome is unknown.
   */
  signal?: AbortSignal;
  /** Timeout of one attempt, headers and body, in ms. */
  timeoutMs?: number;
  /** Deadline of the whole call, including waits and retries, in ms. */
  deadlineMs?: number;
  /** How often the request is sent at most, if the call may be repeated. */
  maxAttempts?: number;
  /** Sent as `Request-ID` with every attempt. Without it, each attempt gets a new UUID. */
  requestId?: string;
  /** Whether the input is validated before it is sent. */
  validate?: boolean;
}

/** Visible ASCII, so that the value cannot be read as two headers. */
const HEADER_TEXT = /^[\x21-\x7e]{1,200}$/;

/** A time in ms that a timer can wait. */
export const MS_CHECK: OptionCheck = {
  holds: isNumberUpTo(LONGEST_TIMER_MS),
  remedy: `must be a number of ms above 0, and at most ${LONGEST_TIMER_MS} (24 days)`,
};

/** Upper limit of `maxAttempts`. */
const MAX_ATTEMPTS = 1000;

/** The check of `maxAttempts`. */
export const MAX_ATTEMPTS_CHECK: OptionCheck = {
  holds: isWholeFrom(1, MAX_ATTEMPTS),
  remedy: `must be a whole number of at least 1, and at most ${MAX_ATTEMPTS}`,
};

const CHECKS: OptionChecks<keyof RequestOptions> = {
  market: { holds: isMarket, remedy: 'must be a two-letter market, such as HK' },
  signal: { holds: isSignal, remedy: 'must be an AbortSignal' },
  timeoutMs: MS_CHECK,
  deadlineMs: MS_CHECK,
  maxAttempts: MAX_ATTEMPTS_CHECK,
  requestId: { holds: isHeaderText, remedy: 'must be 1 to 200 visible ASCII characters' },
  validate: { holds: isBoolean, remedy: 'must be true or false' },
};

/** Validates the options of a call. */
export function requestOptionErrors(options: unknown): FieldError[] {
  return validateOptions(options, CHECKS).map(({ option, message }) =>
    option === ''
      ? { pointer: '/options', message }
      : { pointer: `/options/${option}`, message: `${option} ${message}` },
  );
}

/** A market is two letters. Lalamove decides which markets exist. */
export function isMarket(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z]{2}$/.test(value);
}

function isHeaderText(value: unknown): boolean {
  return typeof value === 'string' && HEADER_TEXT.test(value);
}

function isSignal(value: unknown): boolean {
  return isRecord(value) && isBoolean(value.aborted) && hasMethods('addEventListener', 'removeEventListener')(value);
}
