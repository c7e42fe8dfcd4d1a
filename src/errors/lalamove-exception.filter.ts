import {
  Catch,
  Injectable,
  Logger,
  type Abstract,
  type ArgumentsHost,
  type ExceptionFilter,
  type LoggerService,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { throwError, type Observable } from 'rxjs';
import { isLalamoveFailure, LalamoveErrorPolicies, type AccountErrorPolicy } from './error-policies.js';
import { httpAnswer } from './http-answer.js';
import { LalamoveException } from './lalamove.exception.js';
import { LALAMOVE_ORIGINS, translateAxiosError } from './translate-axios-error.js';

/** What `@Catch` can be given to decide by itself: Nest asks `instanceof`, and `instanceof` asks here. */
function caught(matches: (error: unknown) => boolean): Abstract<unknown> {
  return Object.defineProperty(class CaughtByLalamove {}, Symbol.hasInstance, { value: matches });
}

const DEFAULT_POLICY: Pick<AccountErrorPolicy, 'status' | 'format' | 'logger'> = {
  status: 'mirror',
  format: 'nest',
  logger: new Logger('LalamoveExceptionFilter'),
};

/**
 * Answers every {@link LalamoveException}, and every raw axios error of a call to Lalamove, to the app's own API consumer. `LalamoveModule`
 * registers it once for the whole app; with `errors: { filter: false }` a host can bind it where it likes, by
 * `@UseFilters(LalamoveExceptionFilter)` or `app.useGlobalFilters(app.get(LalamoveExceptionFilter))`.
 *
 * What the app or Lalamove must fix is logged at error level. A microservice handler gets the exception as `throwError`, a WebSocket client
 * an `exception` event with the same body; in any other context (GraphQL, custom ones) it is thrown on.
 */
@Catch(caught((error) => isLalamoveFailure(error, LALAMOVE_ORIGINS)))
@Injectable()
export class LalamoveExceptionFilter implements ExceptionFilter {
  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly policies: LalamoveErrorPolicies,
  ) {}

  catch(error: unknown, host: ArgumentsHost): Observable<never> | undefined {
    const policy = this.policies.of(error) ?? DEFAULT_POLICY;
    const exception = LalamoveException.is(error) ? error : this.#translate(error, policy);
    report(exception, policy.logger);
    switch (host.getType<string>()) {
      case 'http':
        this.#answer(exception, policy, host);
        return undefined;
      case 'rpc':
        return throwError(() => exception);
      case 'ws':
        emit(host.switchToWs().getClient(), httpAnswer(exception, policy.status, 'nest').body);
        return undefined;
      default:
        throw exception;
    }
  }

  #translate(error: unknown, policy: Partial<AccountErrorPolicy>): LalamoveException {
    const { account, status } = policy;
    return translateAxiosError(error, {
      account,
      policy: status === 'gateway' ? 'gateway' : 'mirror',
      now: Date.now(),
    });
  }

  #answer(
    exception: LalamoveException,
    { status, format }: Pick<AccountErrorPolicy, 'status' | 'format'>,
    host: ArgumentsHost,
  ): void {
    const { httpAdapter } = this.adapterHost;
    const response: unknown = host.switchToHttp().getResponse();
    if (httpAdapter.isHeadersSent(response)) {
      httpAdapter.end(response);
      return;
    }
    const answer = httpAnswer(exception, status, format);
    for (const [name, value] of Object.entries(answer.headers)) httpAdapter.setHeader(response, name, value);
    httpAdapter.reply(response, answer.body, answer.status);
  }
}

/**
 * The filter for a whole app. Nest asks `instanceof` of what `@Catch` names and takes the first filter that matches, so switching ours off
 * must happen there: a filter that catches and does nothing would swallow, one that rethrows would hide the host's own.
 */
export function appWideFilter(adapterHost: HttpAdapterHost, policies: LalamoveErrorPolicies): LalamoveExceptionFilter {
  @Catch(caught((error) => policies.covers(error)))
  class AppWideLalamoveExceptionFilter extends LalamoveExceptionFilter {}

  return new AppWideLalamoveExceptionFilter(adapterHost, policies);
}

/** One line that can be searched for; no personal data. */
function report(exception: LalamoveException, logger: LoggerService): void {
  if (exception.fixableBy === 'consumer') return;
  const facts = {
    code: exception.code,
    upstreamStatus: exception.upstreamStatus,
    account: exception.account,
    requestId: exception.requestId,
    sentRequestId: exception.sentRequestId,
  };
  const told = Object.entries(facts).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  logger.error(`${exception.operation ?? 'A call to Lalamove'} failed: ${exception.message} (${told.join(' ')})`);
}

/** As Nest's own `BaseWsExceptionFilter` does it, for Socket.IO clients and native ones. */
function emit(client: unknown, body: object): void {
  const data = { status: 'error', ...body };
  if (hasMethod(client, 'send') && 'readyState' in client) client.send(JSON.stringify({ event: 'exception', data }));
  else if (hasMethod(client, 'emit')) client.emit('exception', data);
}

function hasMethod<Name extends string>(
  value: unknown,
  name: Name,
): value is Record<Name, (...args: readonly unknown[]) => unknown> {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'function';
}
