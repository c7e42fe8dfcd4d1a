// counting.filter.ts
import { Injectable, type ArgumentsHost } from '@nestjs/common';
import { LalamoveException, LalamoveExceptionFilter } from 'nestjs-lalamove';

/** Answers as the package does, and counts. It catches the same errors, and needs no constructor. */
@Injectable()
export class CountingFilter extends LalamoveExceptionFilter {
  readonly counts = new Map<string, number>();

  override catch(error: unknown, host: ArgumentsHost): ReturnType<LalamoveExceptionFilter['catch']> {
    const code = LalamoveException.is(error) ? error.code : 'axios';
    this.counts.set(code, (this.counts.get(code) ?? 0) + 1);
    return super.catch(error, host);
  }
}
