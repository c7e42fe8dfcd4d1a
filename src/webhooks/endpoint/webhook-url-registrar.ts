import { EventEmitter } from 'node:events';
import type { LoggerService, OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { rowOf, rowOfCode } from '../../errors/error-catalog.js';
import { LalamoveException } from '../../errors/lalamove.exception.js';
import type { LalamoveService } from '../../lalamove.service.js';
import { logLine, say } from '../../internal/log-line.js';

const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 5 * 60_000;
const POLL_MS = 50;
/** How long to wait until the app listens. In a serverless function it never listens. */
const MAX_WAIT_MS = 10_000;

/** The URL to register, and the account. */
export interface WebhookUrlRegistration {
  /** `undefined` if there is nothing to register. */
  readonly url: string | undefined;
  readonly account: string | undefined;
  readonly logger: LoggerService;
}

/**
 * Registers `webhook.url` with Lalamove once the app listens, because Lalamove probes the URL. It runs in the
 * background: the start of the app does not wait for it, and a failure does not stop the app.
 */
export class WebhookUrlRegistrar implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #stopped = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly registration: WebhookUrlRegistration,
    private readonly service: Pick<LalamoveService, 'setWebhookUrl'>,
    private readonly adapterHost: { readonly httpAdapter: Pick<AbstractHttpAdapter, 'getHttpServer'> | undefined },
  ) {}

  onApplicationBootstrap(): void {
    const { url, account, logger } = this.registration;
    if (url === undefined) return;
    if (this.adapterHost.httpAdapter) this.#whenListening(url, MAX_WAIT_MS);
    else say(logger, 'log', logLine('The webhook URL is not registered: this app has no HTTP server', { account }));
  }

  /** Stops the retries and aborts a call that is running. */
  onModuleDestroy(): void {
    this.#stopped.abort();
    clearTimeout(this.#timer);
  }

  #whenListening(url: string, leftMs: number): void {
    if (leftMs <= 0 || this.#isListening()) {
      this.#endWithServer();
      void this.#register(url, FIRST_RETRY_MS);
      return;
    }
    this.#after(POLL_MS, () => {
      this.#whenListening(url, leftMs - POLL_MS);
    });
  }

  #isListening(): boolean {
    const server: unknown = this.adapterHost.httpAdapter?.getHttpServer();
    return typeof server !== 'object' || server === null || Reflect.get(server, 'listening') === true;
  }

  /** Stops when the server closes. If a host closes only its server, a call must not keep the process alive. */
  #endWithServer(): void {
    const server: unknown = this.adapterHost.httpAdapter?.getHttpServer();
    if (server instanceof EventEmitter)
      server.once('close', () => {
        this.onModuleDestroy();
      });
  }

  async #register(url: string, delayMs: number): Promise<void> {
    const { account, logger } = this.registration;
    const { signal } = this.#stopped;
    try {
      await this.service.setWebhookUrl(url, { signal });
      say(logger, 'log', logLine('Lalamove sends webhooks here from now on', { url: withoutQuery(url), account }));
    } catch (error) {
      if (signal.aborted) return;
      const fields = { url: withoutQuery(url), account, ...failureOf(error) };
      if (isRefusedHere(error)) {
        say(logger, 'error', logLine('webhook.url is not a valid URL: correct it', fields));
        return;
      }
      const retry = { retryInSeconds: Math.round(delayMs / 1000) };
      say(logger, 'warn', logLine('The webhook URL could not be registered with Lalamove', { ...fields, ...retry }));
      this.#after(delayMs, () => {
        void this.#register(url, Math.min(delayMs * 2, MAX_RETRY_MS));
      });
    }
  }

  /** Calls `act` later. The timer does not keep the process alive. */
  #after(ms: number, act: () => void): void {
    if (!this.#stopped.signal.aborted) this.#timer = setTimeout(act, ms).unref();
  }
}

/** Removes the query of a URL, which may hold a token. */
function withoutQuery(url: string): string {
  return url.split('?', 1)[0] ?? '';
}

/** The log fields of a failure. The message is that of the error catalog, because Lalamove's message quotes the URL. */
function failureOf(error: unknown): { code?: string; error: string; field?: string } {
  if (!LalamoveException.is(error)) return { error: 'unexpected error' };
  const { message } = rowOfCode(error.code) ?? rowOf('LALAMOVE_UNKNOWN_ERROR');
  return { code: error.code, error: message, ...(isRefusedHere(error) && { field: error.errors[0]?.pointer }) };
}

/** Whether the local validation refused the URL. A retry would fail too. */
function isRefusedHere(error: unknown): boolean {
  return LalamoveException.is(error) && error.upstreamStatus === undefined && error.code === 'ERR_INVALID_FIELD';
}
