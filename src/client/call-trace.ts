import { Logger, type LoggerService } from '@nestjs/common';
import { performance } from 'node:perf_hooks';
import type { LalamoveException } from '../errors/lalamove.exception.js';
import type { UpstreamAnswer } from '../errors/translate-answer.js';
import { readRateLimit, type AnswerHeaders } from '../api/rate-limit-headers.js';
import { isRecord } from '../internal/is-record.js';
import { redact } from '../internal/redact.js';
import { sentDetails } from '../errors/sent-details.js';
import { logLine, say, wordsOf } from '../internal/log-line.js';
import type { LalamoveHooks, LalamoveHttpAttributes, LalamoveRequestEvent } from './call-hooks.js';
import type { CallListeners } from './call-listeners.js';
import type { ClientSettings } from './client-settings.js';
import type { Operation } from '../api/operations.js';
import type { LalamoveRequest } from './transport/lalamove-request.js';

type HooksWith<Name extends keyof LalamoveHooks> = Required<Pick<LalamoveHooks, Name>>;

let calls = 0;

/**
 * Reports one call to the hooks and the log of its account. A log line holds ids, codes and numbers; for a refusal,
 * also which fields are wrong.
 */
export class CallTrace {
  readonly #settings: ClientSettings;
  readonly #operation: Operation<unknown>;
  readonly #startedAt = performance.now();
  #sentAt = 0;
  #attempt = 0;
  #queuedMs = 0;
  #request: LalamoveRequest | undefined;
  #headers: AnswerHeaders = {};
  readonly #callId = ++calls;
  readonly #listeners: CallListeners;

  /** @param listeners hooks beside those of the account */
  constructor(settings: ClientSettings, operation: Operation<unknown>, listeners: CallListeners) {
    this.#settings = settings;
    this.#operation = operation;
    this.#listeners = listeners;
  }

  /** The call has waited for the rate limit. */
  queued(ms: number): void {
    this.#queuedMs += ms;
  }

  /** The call is about to be sent. */
  sending(request: LalamoveRequest): void {
    this.#attempt += 1;
    this.#request = request;
    this.#headers = {};
    this.#sentAt = performance.now();
    const hooks = this.#hooksWith('onRequest');
    if (hooks.length > 0) this.#call('onRequest', hooks, this.#event());
  }

  /** An attempt has an answer, whatever it says. */
  received({ headers }: UpstreamAnswer): void {
    this.#headers = headers;
  }

  /** An attempt succeeded. */
  answered({ status, headers }: UpstreamAnswer): void {
    const { logger, apiKey, apiSecret } = this.#settings;
    const isLogged = isDebugLogged(logger);
    const hooks = this.#hooksWith('onResponse');
    if (!isLogged && hooks.length === 0) return;
    const received = headers['request-id'];
    const requestId = received && redact(received, [apiKey, apiSecret, this.#request?.signature ?? '']);
    this.#reportEnd(hooks, status, requestId);
    if (isLogged) say(logger, 'debug', this.#line('answered', { status, requestId }));
  }

  /** An attempt failed. */
  failed(error: LalamoveException): void {
    this.#reportEnd(this.#hooksWith('onResponse'), error.upstreamStatus, error.requestId, error);
  }

  /** The call will be sent again. */
  retries(delayMs: number, error: LalamoveException): void {
    const { account, logger } = this.#settings;
    const call = { operation: this.#operation.name, account, callId: this.#callId };
    const event = { ...call, attempt: this.#attempt + 1, delayMs, error };
    this.#call('onRetry', this.#hooksWith('onRetry'), event);
    say(logger, 'warn', this.#line('will be repeated', { ...fieldsOf(error), delayMs: Math.round(delayMs) }));
  }

  /** The call failed for good. Its caller gets the exception, so that this is only a debug line. */
  gaveUp(error: LalamoveException): void {
    const { logger } = this.#settings;
    if (isDebugLogged(logger)) say(logger, 'debug', this.#line('failed', fieldsOf(error)));
  }

  #reportEnd(
    hooks: readonly HooksWith<'onResponse'>[],
    status: number | undefined,
    requestId: string | undefined,
    error?: LalamoveException,
  ): void {
    if (hooks.length === 0) return;
    const durationMs = performance.now() - this.#sentAt;
    const event = this.#event();
    if (status !== undefined) event.attributes['http.response.status_code'] = status;
    if (error) event.attributes['error.type'] = error.code;
    const date = Date.parse(this.#headers.date ?? '');
    const serverDate = Number.isNaN(date) ? undefined : date;
    const rateLimit = readRateLimit(this.#headers);
    this.#call('onResponse', hooks, { ...event, durationMs, requestId, rateLimit, serverDate, error });
  }

  #event(): LalamoveRequestEvent {
    const { method, path, name } = this.#operation;
    const { protocol, hostname, port } = new URL(this.#settings.baseUrl);
    const attributes: LalamoveHttpAttributes = {
      'http.request.method': method,
      'url.template': path.replace(/:(\w+)/g, '{$1}'),
      'url.scheme': protocol.slice(0, -1),
      'server.address': hostname,
      'server.port': Number(port || (protocol === 'https:' ? 443 : 80)),
    };
    if (this.#attempt > 1) attributes['http.request.resend_count'] = this.#attempt - 1;
    return {
      operation: name,
      account: this.#settings.account,
      callId: this.#callId,
      attempt: this.#attempt,
      sentRequestId: this.#request?.requestId ?? '',
      sentAt: this.#request?.signedAt ?? 0,
      queuedMs: this.#queuedMs,
      attributes,
    };
  }

  #line(what: string, fields: Readonly<Record<string, string | number | undefined>>): string {
    return logLine(`${this.#operation.name} ${what}`, {
      ...fields,
      account: this.#settings.account,
      attempts: this.#attempt,
      ms: Math.round(performance.now() - this.#startedAt),
      queuedMs: this.#queuedMs > 0 ? Math.round(this.#queuedMs) : undefined,
      sentRequestId: this.#request?.requestId,
    });
  }

  #hooksWith<Name extends keyof LalamoveHooks>(name: Name): HooksWith<Name>[] {
    return [this.#settings.hooks, ...this.#listeners].filter((hooks): hooks is HooksWith<Name> => !!hooks[name]);
  }

  /** Calls hooks; if one fails, that is logged, and the call goes on. */
  #call<Name extends string, Event>(
    name: Name,
    all: readonly Readonly<Record<Name, (event: Event) => unknown>>[],
    event: Event,
  ): void {
    const failed = (error: unknown): void => {
      say(this.#settings.logger, 'warn', logLine(`The hook ${name} threw`, { error: wordsOf(error) }));
    };
    for (const hooks of all) {
      try {
        const returned = hooks[name](event);
        if (isRecord(returned) && 'then' in returned) Promise.resolve(returned).catch(failed);
      } catch (error) {
        failed(error);
      }
    }
  }
}

/** The fields of a log line about a failure. */
function fieldsOf({
  code,
  upstreamStatus,
  requestId,
  errors,
}: LalamoveException): Record<string, string | number | undefined> {
  return { code, status: upstreamStatus, requestId, ...sentDetails(errors) };
}

/** Whether a `debug` line would be written; only Nest's own logger tells. */
function isDebugLogged(logger: LoggerService): boolean {
  if (!(logger instanceof Logger) || Logger.isLevelEnabled('debug')) return true;
  // If no levels were chosen, Nest 11 answers false for every level, although its logger writes all of them.
  return !Logger.isLevelEnabled('fatal') && Reflect.get(Logger, 'staticInstanceRef') !== undefined;
}
