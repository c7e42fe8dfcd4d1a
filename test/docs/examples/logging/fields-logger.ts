// fields-logger.ts
import type { LoggerService } from '@nestjs/common';

/** What is used here of pino, or of any logger that takes fields and a message. */
interface StructuredLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Takes `getOrder answered (status=200 ms=312)` apart: `{ status: '200', ms: '312' }` and `getOrder answered`. */
export class FieldsLogger implements LoggerService {
  constructor(private readonly logger: StructuredLogger) {}

  debug = (line: unknown): void => {
    this.logger.debug(...taken(line));
  };

  log = (line: unknown): void => {
    this.logger.info(...taken(line));
  };

  warn = (line: unknown): void => {
    this.logger.warn(...taken(line));
  };

  error = (line: unknown, stack?: unknown): void => {
    const [fields, message] = taken(line);
    this.logger.error({ ...fields, stack }, message);
  };
}

function taken(line: unknown): [fields: object, message: string] {
  const [, message = String(line), fields = ''] = /^(.*?) \((\w+=.*)\)$/s.exec(String(line)) ?? [];
  const pairs = fields.split(/ (?=\w+=)/).map((pair) => pair.split(/=(.*)/s, 2));
  return [fields === '' ? {} : Object.fromEntries(pairs), message];
}
