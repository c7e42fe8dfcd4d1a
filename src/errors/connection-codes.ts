import { isRecord } from '../internal/is-record.js';

/** What an error names that is from before there was a connection. */
const UNCONNECTED_SYSCALLS = new Set<unknown>(['connect', 'getaddrinfo']);

/** A chain of causes may bite its own tail. */
const DEEPEST_CAUSE = 8;

/**
 * Whether an error, or each of those that it gathers, is from before there was a connection. Errors are told by what they hold: a class is
 * another one in each realm (Jest runs tests in one of their own).
 */
export function isUnconnected(error: unknown, depth = DEEPEST_CAUSE): boolean {
  if (!isRecord(error) || depth === 0) return false;
  const { errors, syscall, cause } = error;
  if (Array.isArray(errors) && errors.length > 0) return errors.every((each) => isUnconnected(each, depth - 1));
  return UNCONNECTED_SYSCALLS.has(syscall) || isUnconnected(cause, depth - 1);
}
