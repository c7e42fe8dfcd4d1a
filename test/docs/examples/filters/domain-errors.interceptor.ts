// domain-errors.interceptor.ts
import {
  GoneException,
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { LalamoveException } from 'nestjs-lalamove';
import { catchError, throwError, type Observable } from 'rxjs';

/** Interceptors see an exception before any filter. What they do not know, they throw on unchanged. */
@Injectable()
export class DomainErrorsInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      catchError((error: unknown) => {
        const isGone = LalamoveException.is(error) && error.code === 'ERR_ORDER_NOT_FOUND';
        return throwError(() => (isGone ? new GoneException('This parcel is not tracked any more.') : error));
      }),
    );
  }
}
