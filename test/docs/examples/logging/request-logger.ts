// request-logger.ts
import { Injectable, Logger, type LoggerService } from '@nestjs/common';
import { ClsService } from 'nestjs-cls';

/** Adds the id of the current request to each line. */
@Injectable()
export class RequestLogger implements LoggerService {
  private readonly logger = new Logger('Lalamove');

  constructor(private readonly cls: ClsService) {}

  debug(line: unknown): void {
    this.logger.debug(this.marked(line));
  }

  log(line: unknown): void {
    this.logger.log(this.marked(line));
  }

  warn(line: unknown): void {
    this.logger.warn(this.marked(line));
  }

  error(line: unknown, ...stack: unknown[]): void {
    this.logger.error(this.marked(line), ...stack);
  }

  private marked(line: unknown): string {
    return this.cls.isActive() ? `${String(line)} request=${this.cls.getId()}` : String(line);
  }
}
