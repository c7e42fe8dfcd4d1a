import type { LoggerService } from '@nestjs/common';
import { isRecord } from './is-record.js';

/** One line that can be searched for: `getOrder failed (code=… attempts=2)`. What is undefined is left out; nothing breaks the line. */
export function logLine(what: string, told: Readonly<Record<string, string | number | undefined>>): string {
  const fields = Object.entries(told).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  return `${what} (${fields.join(' ')})`.replace(/\p{Cc}+/gu, ' ');
}

/** Writes to the app's logger, which must not change what becomes of a call when it throws. */
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
    // There is nobody left to tell.
  }
}

/** What something that was thrown says of itself. */
export function wordsOf(thrown: unknown): string {
  try {
    return isRecord(thrown) && typeof thrown.message === 'string' ? thrown.message : String(thrown);
  } catch {
    return 'something without words';
  }
}
