// global-everything.filter.ts
import { Catch, type ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { LalamoveException, LalamoveExceptionFilter } from 'nestjs-lalamove';

/** A catch-all for `app.useGlobalFilters()`. It passes Lalamove's exceptions on to the package's filter. */
@Catch()
export class GlobalEverythingFilter extends BaseExceptionFilter {
  constructor(
    adapter: ConstructorParameters<typeof BaseExceptionFilter>[0],
    private readonly lalamove: LalamoveExceptionFilter,
  ) {
    super(adapter);
  }

  override catch(error: unknown, host: ArgumentsHost): void {
    if (LalamoveException.is(error)) this.lalamove.catch(error, host);
    else super.catch(error, host);
  }
}
