import { isRecord, isStringMap } from '../internal/is-record.js';
import type { AttemptedCall } from './lalamove.exception.js';

/**
 * Collects the data of a call that help to find out whether Lalamove carried it out.
 *
 * @param ids the ids in the path of the call, by name
 * @param data the `data` of the request body
 */
export function attemptedCall(ids: Readonly<Record<string, string>>, data: unknown): AttemptedCall {
  const { quotationId, metadata } = isRecord(data) ? data : {};
  return {
    orderId: ids.orderId,
    quotationId: typeof quotationId === 'string' ? quotationId : undefined,
    metadata: isStringMap(metadata) ? metadata : undefined,
  };
}
