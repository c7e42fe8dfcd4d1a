import type { FaultAnswer } from 'nestjs-lalamove/sandbox';

/** A row of Lalamove's error table, and how to provoke it through the storefront. */
export interface SeedRow {
  status: number;
  code: string;
  method: string;
  path: string;
  /** The status under the policy `gateway`, if it differs. */
  gateway?: number;
  /** The answer that the sandbox is told to give, if no request of the storefront causes the error by itself. */
  script?: FaultAnswer;
}

/**
 * The eleven rows.
 *
 * @param delivered an order that has been completed
 * @param driverId its driver
 */
export function seedRows(delivered: string, driverId: string): SeedRow[] {
  const scripted = (code: 'ERR_INVALID_COUNTRY' | 'ERR_INVALID_PARAMS' | 'ERR_REQUIRED_FIELD'): SeedRow => ({
    status: 409,
    code,
    method: 'GET',
    path: 'cities',
    script: { code, status: 409, shape: 'message' },
  });
  return [
    {
      status: 400,
      code: 'ERR_MALFORMED_JSON_BODY',
      gateway: 502,
      method: 'GET',
      path: 'cities',
      script: { code: 'ERR_MALFORMED_JSON_BODY' },
    },
    {
      status: 401,
      code: '',
      gateway: 503,
      method: 'GET',
      path: 'cities',
      script: { code: 'LALAMOVE_UNAUTHORIZED', shape: 'empty' },
    },
    {
      status: 402,
      code: 'ERR_INSUFFICIENT_CREDIT',
      gateway: 503,
      method: 'GET',
      path: 'cities',
      script: { code: 'ERR_INSUFFICIENT_CREDIT' },
    },
    // Lalamove does not show the driver of a completed order any more.
    { status: 403, code: '', method: 'GET', path: `lalamove/orders/${delivered}/drivers/${driverId}` },
    { status: 404, code: 'ERR_ORDER_NOT_FOUND', method: 'GET', path: 'lalamove/orders/1' },
    // A completed order cannot be cancelled.
    { status: 409, code: 'ERR_CANCELLATION_FORBIDDEN', method: 'DELETE', path: `lalamove/orders/${delivered}` },
    // Only the host can fix it: its keys belong to another country.
    { ...scripted('ERR_INVALID_COUNTRY'), gateway: 503 },
    scripted('ERR_INVALID_PARAMS'),
    scripted('ERR_REQUIRED_FIELD'),
    {
      status: 429,
      code: '',
      gateway: 503,
      method: 'GET',
      path: 'cities',
      script: { code: 'LALAMOVE_RATE_LIMITED', shape: 'empty' },
    },
    {
      status: 500,
      code: '',
      gateway: 502,
      method: 'GET',
      path: 'cities',
      script: { code: 'LALAMOVE_SERVER_ERROR', shape: 'empty' },
    },
  ];
}
