import type { LalamoveException } from './lalamove.exception.js';
import type { DecidedStatus } from './nest-error-body.js';

/**
 * Which HTTP status the app's own API consumers get for a {@link LalamoveException}.
 *
 * - `'mirror'`: the status that Lalamove answered, row by row as its error table says.
 * - `'gateway'`: consumers learn nothing about the connection between the app and Lalamove. Errors of keys, account,
 *   wallet and rate limits become 503. All other errors that only the app or Lalamove can fix become 502: unknown
 *   errors, connection errors, answers of a proxy. Both have a neutral body. The rest is mirrored.
 * - a function: the status that it returns, a whole number from 400 to 599. If it returns anything else or throws,
 *   that is logged and `'mirror'` applies. Only the filter calls it: `getStatus()` of the exception stays mirrored.
 */
export type LalamoveStatusPolicy = 'mirror' | 'gateway' | ((exception: LalamoveException) => number);

/** @returns `undefined` if the function of the host throws, or does not return a status from 400 to 599 */
export function decideStatus(exception: LalamoveException, policy: LalamoveStatusPolicy): DecidedStatus | undefined {
  if (typeof policy !== 'function') return policy;
  try {
    const status = policy(exception);
    return Number.isInteger(status) && status >= 400 && status <= 599 ? status : undefined;
  } catch {
    return undefined;
  }
}
