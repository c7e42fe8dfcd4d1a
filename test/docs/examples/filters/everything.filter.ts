// everything.filter.ts
import { Catch, type ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';

/** A catch-all of your own, bound by APP_FILTER. Lalamove's exceptions do not come here. */
@Catch()
export class EverythingFilter extends BaseExceptionFilter {
  readonly reported: unknown[] = [];

  override catch(error: unknown, host: ArgumentsHost): void {
    this.reported.push(error); // to Sentry, for example
    super.catch(error, host);
  }
}
