import type { FieldError } from '../dto/field-errors.js';

/** What may differ from call to call; each has the account's own setting as its default. */
export interface RequestOptions {
  /** Another market of the same keys. */
  market?: string;
  /** Ends the call: `LalamoveAbortedException`, or the outcome is unknown where it may have been carried out. */
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

/** What is wrong with a call's own options; empty where all is well. */
export function requestOptionErrors(options: RequestOptions): FieldError[] {
  const positive = (name: 'timeoutMs' | 'deadlineMs'): FieldError[] =>
    holds(options[name], (value) => Number.isFinite(value) && value > 0)
      ? []
      : [fault(name, 'must be a number of ms above 0')];
  return [
    ...(holds(options.market, isMarket) ? [] : [fault('market', 'must be a two-letter market, such as HK')]),
    ...positive('timeoutMs'),
    ...positive('deadlineMs'),
    ...(holds(options.maxAttempts, (value) => Number.isInteger(value) && value >= 1)
      ? []
      : [fault('maxAttempts', 'must be a whole number of at least 1')]),
    ...(holds(options.requestId, (value) => HEADER_TEXT.test(value))
      ? []
      : [fault('requestId', 'must be 1 to 200 visible ASCII characters')]),
  ];
}

/** A market is two letters; which ones exist is Lalamove's to say. */
export function isMarket(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z]{2}$/.test(value);
}

function holds<T>(value: T | undefined, test: (value: T) => boolean): boolean {
  return value === undefined || test(value);
}

function fault(name: string, message: string): FieldError {
  return { pointer: `/options/${name}`, message };
}
