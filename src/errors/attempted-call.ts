import { isRecord, isStringMap } from '../internal/is-record.js';
import type { AttemptedCall } from './lalamove.exception.js';

/**
 * What helps to find out whether a call was carried out.
 *
 * @param ids those in its path, by name
 * @param data what its envelope held
 */
export function attemptedCall(ids: Readonly<Record<string, string>>, data: unknown): AttemptedCall {
  const { quotationId, metadata } = isRecord(data) ? data : {};
  return {
    orderId: ids.orderId,
    quotationId: typeof quotationId === 'string' ? quotationId : undefined,
    metadata: isStringMap(metadata) ? metadata : undefined,
  };
}
