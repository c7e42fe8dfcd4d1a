import { isRecord } from '../internal/is-record.js';

/** The `syscall` of an error from before there was a connection. */
const UNCONNECTED_SYSCALLS = new Set<unknown>(['connect', 'getaddrinfo']);

/** A limit, because a chain of causes may be a cycle. */
const MAX_CAUSE_DEPTH = 8;

/**
 * Whether an error, or each of those that it contains, is from before there was a connection. By their members and not
 * by their class, because each realm has classes of its own (Jest runs tests in one).
 */
export function isUnconnected(error: unknown, depth = MAX_CAUSE_DEPTH): boolean {
  if (!isRecord(error) || depth === 0) return false;
  const { errors, syscall, cause } = error;
  if (Array.isArray(errors) && errors.length > 0) return errors.every((each) => isUnconnected(each, depth - 1));
  return UNCONNECTED_SYSCALLS.has(syscall) || isUnconnected(cause, depth - 1);
}
