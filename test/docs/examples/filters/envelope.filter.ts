// envelope.filter.ts
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { LalamoveException } from 'nestjs-lalamove';

/** Answers every error in the form of this app. For accounts with `errors: { filter: false }`. */
@Catch(HttpException)
export class EnvelopeFilter implements ExceptionFilter {
  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(error: HttpException, host: ArgumentsHost): void {
    const status = error.getStatus(); // by the policy of the account: mirror or gateway
    const details = LalamoveException.is(error) ? publicDetails(error) : { code: 'APP_ERROR', message: error.message };
    this.adapterHost.httpAdapter.reply(host.switchToHttp().getResponse(), { ok: false, ...details }, status);
  }
}

/** What `fixableBy` says decides what a consumer may see. */
function publicDetails({ code, message, errors, fixableBy, requestId }: LalamoveException): object {
  if (fixableBy !== 'consumer') return { code: 'DELIVERY_UNAVAILABLE', requestId };
  return { code, message, fields: errors.map(({ pointer, message: text }) => ({ pointer, message: text })), requestId };
}
