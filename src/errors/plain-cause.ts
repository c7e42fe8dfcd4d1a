import { isRecord } from '../internal/is-record.js';
import { redact } from '../internal/redact.js';

/** Not enumerable, so that no JSON and no body has the host. Another copy of this package finds it too. */
const HOST = Symbol.for('nestjs-lalamove.called-host');

/**
 * Copies message and code of a raw error. The raw error itself holds the whole request with its Authorization header.
 *
 * @param host the host that was called, for {@link calledHost}
 */
export function plainCause(origin: unknown, secrets: readonly string[], host?: string): Error | undefined {
  if (!isRecord(origin)) return undefined;
  const { message, code } = origin;
  const text = redact(typeof message === 'string' ? message : 'unknown error', secrets);
  const copy = Object.assign(new Error(text), typeof code === 'string' ? { code } : {});
  if (host !== undefined) Object.defineProperty(copy, HOST, { value: host });
  return copy;
}

/** The host to which the connection failed, for the log; `undefined` if it is not known. */
export function calledHost(cause: unknown): string | undefined {
  const host: unknown = isRecord(cause) ? Reflect.get(cause, HOST) : undefined;
  return typeof host === 'string' ? host : undefined;
}
