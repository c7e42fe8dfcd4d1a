import { EventEmitter } from 'node:events';
import type { LoggerService, OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { rowOf, rowOfCode } from '../../errors/error-catalog.js';
import { LalamoveException } from '../../errors/lalamove.exception.js';
import type { LalamoveService } from '../../lalamove.service.js';
import { logLine, say } from '../../internal/log-line.js';

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 5 * 60_000;
const LOOK_AGAIN_MS = 50;
/** An app that does not listen by itself, in a function of a cloud say, is not waited for any longer. */
const MAX_WAIT_MS = 10_000;

/** What is registered, and for whom. */
export interface WebhookUrlRegistration {
  /** `undefined` where nothing is to be registered. */
  readonly url: string | undefined;
  readonly account: string | undefined;
  readonly logger: LoggerService;
}

/** Registers `webhook.url` with Lalamove once the app listens, for Lalamove probes it. Nothing waits for it, and no failure of it ends anything. */
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
    else say(logger, 'log', logLine('This app serves no HTTP, so that it registers no webhook URL', { account }));
  }

  /** Ends what is under way, too. */
  onModuleDestroy(): void {
    this.#stopped.abort();
    clearTimeout(this.#timer);
  }

  #whenListening(url: string, leftMs: number): void {
    if (leftMs <= 0 || this.#isListening()) {
      this.#endWithServer();
      void this.#register(url, FIRST_PAUSE_MS);
      return;
    }
    this.#after(LOOK_AGAIN_MS, () => {
      this.#whenListening(url, leftMs - LOOK_AGAIN_MS);
    });
  }

  #isListening(): boolean {
    const server: unknown = this.adapterHost.httpAdapter?.getHttpServer();
    return typeof server !== 'object' || server === null || Reflect.get(server, 'listening') === true;
  }

  /** A host may close its server and not the app: what is under way must not hold its process open. */
  #endWithServer(): void {
    const server: unknown = this.adapterHost.httpAdapter?.getHttpServer();
    if (server instanceof EventEmitter)
      server.once('close', () => {
        this.onModuleDestroy();
      });
  }

  async #register(url: string, pauseMs: number): Promise<void> {
    const { account, logger } = this.registration;
    const { signal } = this.#stopped;
    try {
      await this.service.setWebhookUrl(url, { signal });
      say(logger, 'log', logLine('Lalamove sends webhooks here from now on', { url: withoutQuery(url), account }));
    } catch (error) {
      if (signal.aborted) return;
      const told = { url: withoutQuery(url), account, ...failureOf(error) };
      if (isRefusedHere(error)) {
        say(logger, 'error', logLine('webhook.url is no URL that Lalamove could call: correct it', told));
        return;
      }
      const again = { retryInSeconds: Math.round(pauseMs / 1000) };
      say(logger, 'warn', logLine('The webhook URL could not be registered with Lalamove', { ...told, ...again }));
      this.#after(pauseMs, () => {
        void this.#register(url, Math.min(pauseMs * 2, LONGEST_PAUSE_MS));
      });
    }
  }

  /** Keeps no process alive. */
  #after(ms: number, act: () => void): void {
    if (!this.#stopped.signal.aborted) this.#timer = setTimeout(act, ms).unref();
  }
}

/** A query may hold a token. */
function withoutQuery(url: string): string {
  return url.split('?', 1)[0] ?? '';
}

/** In the words of our catalog: Lalamove's own quote the URL. */
function failureOf(error: unknown): { code?: string; error: string; field?: string } {
  if (!LalamoveException.is(error)) return { error: 'something unexpected was thrown' };
  const { message } = rowOfCode(error.code) ?? rowOf('LALAMOVE_UNKNOWN_ERROR');
  return { code: error.code, error: message, ...(isRefusedHere(error) && { field: error.errors[0]?.pointer }) };
}

/** Whether it was never sent, for it is wrong: it will be the next time, too. */
function isRefusedHere(error: unknown): boolean {
  return LalamoveException.is(error) && error.upstreamStatus === undefined && error.code === 'ERR_INVALID_FIELD';
}
