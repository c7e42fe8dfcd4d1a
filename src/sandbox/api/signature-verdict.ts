import { timingSafeEqual } from 'node:crypto';
import { sign } from '../../api/signature.js';

/** The result of checking the `Authorization` header of a request. */
export type SignatureVerdict =
  'right' | 'no Authorization header' | 'malformed Authorization header' | 'unknown key' | 'wrong signature';

/** Checks a signature as Lalamove does (API v3, "Authentication"). */
export function signatureVerdict(
  {
    method,
    path,
    body,
    authorization,
  }: { method: string; path: string; body: string; authorization: string | undefined },
  secretOf: (apiKey: string) => string | undefined,
): { verdict: SignatureVerdict; apiKey: string | undefined } {
  if (authorization === undefined) return { verdict: 'no Authorization header', apiKey: undefined };
  const [, apiKey, timestamp = '', signature = ''] =
    /^hmac ([^:\s]+):(\d{13}):([0-9a-f]{64})$/.exec(authorization) ?? [];
  if (apiKey === undefined) return { verdict: 'malformed Authorization header', apiKey };
  const secret = secretOf(apiKey);
  if (secret === undefined) return { verdict: 'unknown key', apiKey };
  const expected = sign(secret, { timestamp, method, path, body });
  const isRight = timingSafeEqual(Buffer.from(signature), Buffer.from(expected));
  return { verdict: isRight ? 'right' : 'wrong signature', apiKey };
}
