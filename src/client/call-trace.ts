import { Logger, type LoggerService } from '@nestjs/common';
import { performance } from 'node:perf_hooks';
import type { LalamoveException } from '../errors/lalamove.exception.js';
import type { UpstreamAnswer } from '../errors/translate-answer.js';
import { isRecord } from '../internal/is-record.js';
import { redact } from '../internal/redact.js';
import { sentDetails } from '../errors/sent-details.js';
import { logLine, say, wordsOf } from '../internal/log-line.js';
import type { Attempt } from './sign-attempt.js';
import type { LalamoveHooks, LalamoveHttpAttributes, LalamoveRequestEvent } from './call-hooks.js';
import type { ClientSettings } from './client-settings.js';
import type { Operation } from '../api/operations.js';

/** Tells an account's hooks and log what becomes of one call. A line holds ids, codes and numbers, and of a refusal where the fault is. */
export class CallTrace {
  readonly #settings: ClientSettings;
  readonly #operation: Operation<unknown>;
  readonly #startedAt = performance.now();
  #sentAt = 0;
  #attempt = 0;
  #queuedMs = 0;
  #sent: Attempt | undefined;

  constructor(settings: ClientSettings, operation: Operation<unknown>) {
    this.#settings = settings;
    this.#operation = operation;
  }

  /** It has waited for the rate limit. */
  queued(ms: number): void {
    this.#queuedMs += ms;
  }

  /** It is about to be sent. */
  sending(attempt: Attempt): void {
    this.#attempt += 1;
    this.#sent = attempt;
    this.#sentAt = performance.now();
    const { hooks } = this.#settings;
    if (hooks.onRequest) this.#tell('onRequest', () => hooks.onRequest?.(this.#event()));
  }

  /** A sending has brought what was asked for. */
  answered({ status, headers }: UpstreamAnswer): void {
    const { hooks, logger, apiKey, apiSecret } = this.#settings;
    const isLogged = isDebugLogged(logger);
    if (!isLogged && !hooks.onResponse) return;
    const echoed = headers['request-id'];
    const requestId = echoed && redact(echoed, [apiKey, apiSecret, this.#sent?.signature ?? '']);
    this.#ended(hooks, status, requestId);
    if (isLogged) say(logger, 'debug', this.#line('answered', { status, requestId }));
  }

  /** A sending has failed. */
  failed(error: LalamoveException): void {
    this.#ended(this.#settings.hooks, error.upstreamStatus, error.requestId, error);
  }

  /** It will be sent again. */
  repeats(delayMs: number, error: LalamoveException): void {
    const { account, hooks, logger } = this.#settings;
    const event = { operation: this.#operation.name, account, attempt: this.#attempt + 1, delayMs, error };
    if (hooks.onRetry) this.#tell('onRetry', () => hooks.onRetry?.(event));
    say(logger, 'warn', this.#line('will be repeated', { ...failure(error), delayMs: Math.round(delayMs) }));
  }

  /** It has failed for good: what is thrown is its caller's to judge, so this only adds how it went. */
  gaveUp(error: LalamoveException): void {
    const { logger } = this.#settings;
    if (isDebugLogged(logger)) say(logger, 'debug', this.#line('failed', failure(error)));
  }

  #ended(
    hooks: LalamoveHooks,
    status: number | undefined,
    requestId: string | undefined,
    error?: LalamoveException,
  ): void {
    if (!hooks.onResponse) return;
    const durationMs = performance.now() - this.#sentAt;
    const event = this.#event();
    if (status !== undefined) event.attributes['http.response.status_code'] = status;
    if (error) event.attributes['error.type'] = error.code;
    this.#tell('onResponse', () => hooks.onResponse?.({ ...event, durationMs, requestId, error }));
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
      attempt: this.#attempt,
      sentRequestId: this.#sent?.requestId ?? '',
      queuedMs: this.#queuedMs,
      attributes,
    };
  }

  #line(what: string, told: Readonly<Record<string, string | number | undefined>>): string {
    return logLine(`${this.#operation.name} ${what}`, {
      ...told,
      account: this.#settings.account,
      attempts: this.#attempt,
      ms: Math.round(performance.now() - this.#startedAt),
      queuedMs: this.#queuedMs > 0 ? Math.round(this.#queuedMs) : undefined,
      sentRequestId: this.#sent?.requestId,
    });
  }

  /** A hook harms no call, whatever it does. */
  #tell(name: string, hook: () => unknown): void {
    const failed = (error: unknown): void => {
      say(this.#settings.logger, 'warn', logLine(`The hook ${name} threw`, { error: wordsOf(error) }));
    };
    try {
      const told = hook();
      if (isRecord(told) && 'then' in told) Promise.resolve(told).catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}

/** What a line says of a failure. */
function failure({
  code,
  upstreamStatus,
  requestId,
  errors,
}: LalamoveException): Record<string, string | number | undefined> {
  return { code, status: upstreamStatus, requestId, ...sentDetails(errors) };
}

/** Whether a line on the level `debug` would be written: Nest's own logger can tell. */
function isDebugLogged(logger: LoggerService): boolean {
  return !(logger instanceof Logger) || Logger.isLevelEnabled('debug');
}
