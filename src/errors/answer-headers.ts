import type { AnswerHeaders } from '../api/rate-limit-headers.js';
import { isRecord } from '../internal/is-record.js';

/** The headers of a message by lower-case name, without those that have several values. */
export function answerHeaders(headers: unknown): AnswerHeaders {
  const plain: Record<string, string> = {};
  if (!isRecord(headers)) return plain;
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string' || typeof value === 'number') plain[name.toLowerCase()] = String(value);
  }
  return plain;
}
