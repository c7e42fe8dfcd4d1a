import { isRecord } from '../internal/is-record.js';
import { redact } from '../internal/redact.js';

/**
 * Copies message and code of a raw error. The raw error itself holds the whole request with its Authorization header.
 */
export function plainCause(origin: unknown, secrets: readonly string[]): Error | undefined {
  if (!isRecord(origin)) return undefined;
  const { message, code } = origin;
  const text = redact(typeof message === 'string' ? message : 'unknown error', secrets);
  return Object.assign(new Error(text), typeof code === 'string' ? { code } : {});
}
