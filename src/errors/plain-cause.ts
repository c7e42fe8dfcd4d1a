import { isRecord } from '../internal/is-record.js';
import { redact } from '../internal/redact.js';

/**
 * What is kept of a raw error: it holds the whole request, the Authorization header included; this says what happened, and nothing else.
 */
export function plainCause(origin: unknown, secrets: readonly string[]): Error | undefined {
  if (!isRecord(origin)) return undefined;
  const { message, code } = origin;
  const text = redact(typeof message === 'string' ? message : 'unknown error', secrets);
  return Object.assign(new Error(text), typeof code === 'string' ? { code } : {});
}
