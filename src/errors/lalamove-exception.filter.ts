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
import { hasMethods } from '../internal/value-checks.js';
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
import { calledHost } from './plain-cause.js';
import { calledBaseUrl, translateAxiosError } from './translate-axios-error.js';

/** A type for `@Catch` with a test of its own. Nest uses `instanceof`, which calls `Symbol.hasInstance`. */
function caught(matches: (error: unknown) => boolean): Abstract<unknown> {
  return Object.defineProperty(class CaughtByLalamove {}, Symbol.hasInstance, { value: matches });
}

const DEFAULT_POLICY: Pick<AccountErrorPolicy, 'status' | 'format' | 'logger'> = {
  status: 'mirror',
  format: 'nest',
  logger: new Logger('LalamoveExceptionFilter'),
};

/**
 * Turns every {@link LalamoveException}, and every raw axios error of a call to Lalamove, into the answer to the app's
 * own API consumer. `LalamoveModule` registers it once for the whole app. With `errors: { filter: false }` a host binds
 * it itself: `app.useGlobalFilters(app.get(LalamoveExceptionFilter))` or `@UseFilters(LalamoveExceptionFilter)`. If it
 * is bound by its class, it recognises raw axios errors only by Lalamove's own hosts, not by the `baseUrl` of an
 * account.
 *
 * Errors that the app or Lalamove must fix are logged at error level. The answer depends on the context:
 * - HTTP: a response.
 * - GraphQL: code, status, errors and request id in `extensions`.
 * - microservice: the exception, by `throwError`.
 * - WebSocket: an `exception` event with the HTTP body.
 * - any other: the exception is thrown again.
 *
 * Nest does not apply an app-wide filter to gateways, nor to the microservices of a hybrid app that are connected
 * without `inheritAppConfig: true`. Bind it there with `@UseFilters(LalamoveExceptionFilter)`.
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
      logger.error('errors.status threw, or returned no status from 400 to 599. The mirror policy was used instead.');
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
 * Creates the filter of a whole app. Nest runs only the first filter whose `@Catch` type matches. So an account whose
 * filter is off must not match: a filter that matched and rethrew the error would hide the filters of the host.
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
 * Creates a filter that passes each error on to another filter.
 *
 * @param chosen returns the other filter; called for each error
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
 * Answers through the HTTP adapter. In Fastify middleware the response is the raw one of `node:http`, so headers are
 * set on the object that has `setHeader`. Nest's adapters replace the content type of an object, so a problem document
 * is sent as text.
 */
function reply(adapter: AbstractHttpAdapter, response: unknown, { status, headers, body }: HttpAnswer): void {
  const raw = isRecord(response) && isRecord(response.raw) ? response.raw : response;
  if (adapter.isHeadersSent(response) || (isRecord(raw) && raw.headersSent === true)) {
    adapter.end(response);
    return;
  }
  for (const [name, value] of Object.entries(headers)) {
    if (hasMethods('setHeader')(response)) response.setHeader(name, value);
    else adapter.setHeader(response, name, value);
  }
  adapter.reply(response, 'Content-Type' in headers ? JSON.stringify(body) : body, status);
}

/** Logs one line without personal data: the message of the catalog, and Lalamove's pointers without quoted values. */
function report(exception: LalamoveException, logger: LoggerService): void {
  if (exception.fixableBy === 'consumer') return;
  const row = rowOfCode(exception.code) ?? rowOf('LALAMOVE_UNKNOWN_ERROR');
  // A message that this package wrote is safe to log; Lalamove's texts may hold personal data.
  const isOurs = isOwnRefusal(exception) || isOfCatalog(exception.message);
  const message = isOurs ? exception.message : row.message;
  const { code, upstreamStatus, account, requestId, sentRequestId } = exception;
  const cause = causeCode(exception);
  const details = sentDetails(exception.errors);
  const host = cause === undefined ? undefined : hostOf(exception);
  const fields = { code, ...details, cause, host, upstreamStatus, account, requestId, sentRequestId };
  logger.error(logLine(`${exception.operation ?? 'A call to Lalamove'} failed: ${message}`, fields));
}

function isOfCatalog(text: string): boolean {
  return ERROR_CATALOG.some(({ message, bare = {} }) => message === text || Object.values(bare).includes(text));
}

function isOwnRefusal({ code, upstreamStatus }: LalamoveException): boolean {
  return code === 'LALAMOVE_RATE_LIMITED' && upstreamStatus === undefined;
}

/** The code of the network error, e.g. `ECONNREFUSED`. An unknown outcome has it in the cause of its cause. */
function causeCode({ cause }: LalamoveException): string | undefined {
  if (LalamoveException.is(cause)) return causeCode(cause) ?? cause.code;
  return isRecord(cause) && typeof cause.code === 'string' ? cause.code : undefined;
}

/** The host of a connection that failed. */
function hostOf({ cause }: LalamoveException): string | undefined {
  return LalamoveException.is(cause) ? hostOf(cause) : calledHost(cause);
}

/** Sends the error as Nest's `BaseWsExceptionFilter` does, to Socket.IO clients and to native ones. */
function emit(client: unknown, body: object): void {
  const data = { status: 'error', ...body };
  if (hasMethods('send')(client) && 'readyState' in client) client.send(JSON.stringify({ event: 'exception', data }));
  else if (hasMethods('emit')(client)) client.emit('exception', data);
}
