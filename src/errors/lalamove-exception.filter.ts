import {
  Catch,
  Injectable,
  Logger,
  type Abstract,
  type ArgumentsHost,
  type ExceptionFilter,
  type LoggerService,
} from '@nestjs/common';
import { HttpAdapterHost, type AbstractHttpAdapter } from '@nestjs/core';
import { throwError, type Observable } from 'rxjs';
import { isRecord } from '../internal/is-record.js';
import { logLine } from '../internal/log-line.js';
import { ERROR_CATALOG, rowOf, rowOfCode } from './error-catalog.js';
import { LalamoveErrorPolicies, type AccountErrorPolicy } from './error-policies.js';
import { httpAnswer, type HttpAnswer } from './http-answer.js';
import { nestErrorBody } from './nest-error-body.js';
import { decideStatus } from './status-policy.js';
import { LALAMOVE_HOSTS } from '../api/hosts.js';
import { LalamoveException } from './lalamove.exception.js';
import { LalamoveGraphqlError } from './lalamove-graphql-error.js';
import { sentDetails } from './sent-details.js';
import { calledBaseUrl, translateAxiosError } from './translate-axios-error.js';

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
 * registers it once for the whole app. With `errors: { filter: false }` a host can bind it where it likes, by
 * `app.useGlobalFilters(app.get(LalamoveExceptionFilter))` or `@UseFilters(LalamoveExceptionFilter)`; bound by its class it knows raw
 * axios errors by Lalamove's own hosts alone, not by an account's `baseUrl`.
 *
 * What the app or Lalamove must fix is logged at error level. A GraphQL consumer gets code, status, errors and request id in `extensions`, a
 * microservice's caller the exception as `throwError`, a WebSocket client an `exception` event with the HTTP body; in any other context
 * (custom ones) it is thrown on. By Nest's design an app-wide filter does not reach gateways, nor the microservices of a hybrid app that are
 * connected without `inheritAppConfig: true`: bind it there by `@UseFilters(LalamoveExceptionFilter)`.
 */
@Catch(
  caught((error) => LalamoveException.is(error) || calledBaseUrl(error, Object.values(LALAMOVE_HOSTS)) !== undefined),
)
@Injectable()
export class LalamoveExceptionFilter implements ExceptionFilter {
  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly policies: LalamoveErrorPolicies,
  ) {}

  catch(error: unknown, host: ArgumentsHost): Observable<never> | undefined {
    const { policy, baseUrl = '' } = this.policies.failure(error) ?? {};
    const { status, format, logger } = policy ?? DEFAULT_POLICY;
    const translation = {
      account: policy?.account,
      policy: status === 'gateway' ? status : undefined,
      now: Date.now(),
    };
    const exception = LalamoveException.is(error) ? error : translateAxiosError(error, baseUrl, translation);
    report(exception, logger);
    const decided = decideStatus(exception, status);
    if (decided === undefined) {
      logger.error('errors.status returned no status from 400 to 599, or threw: answered as mirror.');
    }
    const policed = decided ?? 'mirror';
    switch (host.getType<string>()) {
      case 'http':
        reply(this.adapterHost.httpAdapter, host.switchToHttp().getResponse(), httpAnswer(exception, policed, format));
        return undefined;
      case 'graphql':
        throw new LalamoveGraphqlError(nestErrorBody(exception, policed), exception);
      case 'rpc':
        return throwError(() => exception);
      case 'ws':
        emit(host.switchToWs().getClient(), nestErrorBody(exception, policed));
        return undefined;
      default:
        throw exception;
    }
  }
}

/**
 * A filter for the whole of an app. Nest asks `instanceof` of what `@Catch` names and takes the first filter that matches, so switching one off
 * must happen there: a filter that catches and does nothing would swallow, one that rethrows would hide the host's own.
 */
export function appFilter(
  adapterHost: HttpAdapterHost,
  policies: LalamoveErrorPolicies,
  matches: (error: unknown) => boolean,
): LalamoveExceptionFilter {
  @Catch(caught(matches))
  class AppLalamoveExceptionFilter extends LalamoveExceptionFilter {}

  return new AppLalamoveExceptionFilter(adapterHost, policies);
}

/**
 * A filter that leaves what it catches to another.
 *
 * @param chosen asked each time
 */
export function delegatingFilter(matches: (error: unknown) => boolean, chosen: () => ExceptionFilter): ExceptionFilter {
  @Catch(caught(matches))
  class DelegatingFilter implements ExceptionFilter {
    catch(error: unknown, host: ArgumentsHost): unknown {
      return chosen().catch(error, host);
    }
  }

  return new DelegatingFilter();
}

/**
 * Answers through the HTTP adapter. The response may be raw (Fastify's middleware has such), and Nest's adapters write a content type of their
 * own over that of an object that is no `application/json`: so headers go where they can, and a problem is sent as text.
 */
function reply(adapter: AbstractHttpAdapter, response: unknown, { status, headers, body }: HttpAnswer): void {
  const raw = isRecord(response) && isRecord(response.raw) ? response.raw : response;
  if (adapter.isHeadersSent(response) || (isRecord(raw) && raw.headersSent === true)) {
    adapter.end(response);
    return;
  }
  for (const [name, value] of Object.entries(headers)) {
    if (hasMethod(response, 'setHeader')) response.setHeader(name, value);
    else adapter.setHeader(response, name, value);
  }
  adapter.reply(response, 'Content-Type' in headers ? JSON.stringify(body) : body, status);
}

/** One line that can be searched for, without personal data: what our catalog says, and of what Lalamove wrote where the fault is. */
function report(exception: LalamoveException, logger: LoggerService): void {
  if (exception.fixableBy === 'consumer') return;
  const row = rowOfCode(exception.code) ?? rowOf('LALAMOVE_UNKNOWN_ERROR');
  // What was refused here was never Lalamove's to word.
  const isOurs = isOwnRefusal(exception) || isOfCatalog(exception.message);
  const message = isOurs ? exception.message : row.message;
  const { code, upstreamStatus, account, requestId, sentRequestId } = exception;
  const cause = causeCode(exception);
  const details = sentDetails(exception.errors);
  const told = { code, ...details, cause, upstreamStatus, account, requestId, sentRequestId };
  logger.error(logLine(`${exception.operation ?? 'A call to Lalamove'} failed: ${message}`, told));
}

function isOfCatalog(text: string): boolean {
  return ERROR_CATALOG.some(({ message, bare = {} }) => message === text || Object.values(bare).includes(text));
}

function isOwnRefusal({ code, upstreamStatus }: LalamoveException): boolean {
  return code === 'LALAMOVE_RATE_LIMITED' && upstreamStatus === undefined;
}

/** What the wire said, e.g. `ECONNREFUSED`: an unknown outcome has it one cause further down. */
function causeCode({ cause }: LalamoveException): string | undefined {
  if (LalamoveException.is(cause)) return causeCode(cause) ?? cause.code;
  return isRecord(cause) && typeof cause.code === 'string' ? cause.code : undefined;
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
