import { isRecord } from '../is-record.js';

/** What an error names that is from before there was a connection. */
const UNCONNECTED_SYSCALLS = new Set<unknown>(['connect', 'getaddrinfo']);

/**
 * Whether an error, or each of those that it gathers, is from before there was a connection. Errors are told by what they hold: a class is
 * another one in each realm (Jest runs tests in one of their own).
 */
export function isUnconnected(error: unknown): boolean {
  if (!isRecord(error)) return false;
  if (Array.isArray(error.errors) && error.errors.length > 0) return error.errors.every(isUnconnected);
  return UNCONNECTED_SYSCALLS.has(error.syscall) || isUnconnected(error.cause);
}
