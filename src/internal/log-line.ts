import type { LoggerService } from '@nestjs/common';
import { isRecord } from './is-record.js';

/**
 * One line of a log, such as `getOrder failed (code=… attempts=2)`.
 *
 * @param what the message
 * @param fields fields that are `undefined` are left out
 * @returns a line without control characters, so no value can break the line
 */
export function logLine(what: string, fields: Readonly<Record<string, string | number | undefined>>): string {
  const written = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  return `${what} (${written.join(' ')})`.replace(/\p{Cc}+/gu, ' ');
}

/** Writes a line to the app's logger. It never throws, because a broken logger must not change the result of a call. */
export function say(
  logger: LoggerService,
  level: 'debug' | 'log' | 'warn' | 'error',
  line: string,
  stack?: string,
): void {
  try {
    if (stack === undefined) logger[level]?.(line);
    else logger[level]?.(line, stack);
  } catch {
    // The logger itself is broken, so the error cannot be reported.
  }
}

/** The message of an error, or of anything else that was thrown. It never throws. */
export function wordsOf(thrown: unknown): string {
  try {
    return isRecord(thrown) && typeof thrown.message === 'string' ? thrown.message : String(thrown);
  } catch {
    return 'something without words';
  }
}
