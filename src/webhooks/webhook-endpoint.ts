import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, Logger } from '@nestjs/common';
import { logLine, say } from '../log-line.js';
import { readRequestBody } from './body/request-body.js';
import { failureOf, type LalamoveWebhooks } from './lalamove-webhooks.js';
import { LalamoveWebhookException } from './webhook.exceptions.js';

/** A refusal is said once in so long for each reason, in ms: anybody can send anything. */
const SILENCE_MS = 60_000;

/** Answers the webhooks of all registrations of an app, on bare requests and responses of `node:http`: nothing of the app's own stands between. */
@Injectable()
export class LalamoveWebhookEndpoint {
  readonly #logger = new Logger('LalamoveWebhooks');
  readonly #routes = new Map<string, LalamoveWebhooks>();
  readonly #saidAt = new Map<string, number>();

  /** @param path with the global prefix and the slash that it begins with */
  add(path: string, webhooks: LalamoveWebhooks): void {
    this.#routes.set(path, webhooks);
  }

  /**
   * Answers a request that is an endpoint's.
   *
   * @returns `false` for all others, which are left alone
   */
  serve(request: IncomingMessage, response: ServerResponse): boolean {
    if (this.#routes.size === 0) return false;
    const webhooks = this.#routes.get(pathOf(request.url));
    if (!webhooks) return false;
    void this.#answer(webhooks, request, response);
    return true;
  }

  async #answer(webhooks: LalamoveWebhooks, request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (request.method !== 'POST') throw new LalamoveWebhookException('LALAMOVE_WEBHOOK_METHOD');
      const body = await readRequestBody(request);
      if (body === undefined) return;
      const receipt = await webhooks.handle(body);
      // A sandbox warns of it.
      write(response, 200, { received: true, ...(receipt === 'ignored' && { ignored: true }) });
    } catch (error) {
      this.#refuse(error, webhooks, response);
    }
  }

  #refuse(error: unknown, webhooks: LalamoveWebhooks, response: ServerResponse): void {
    const refusal =
      error instanceof LalamoveWebhookException
        ? error
        : new LalamoveWebhookException('LALAMOVE_WEBHOOK_NOT_TAKEN', { cause: error });
    const status = refusal.getStatus();
    this.#say(refusal, webhooks);
    write(response, status, refusal.getResponse());
  }

  #say(refusal: LalamoveWebhookException, webhooks: LalamoveWebhooks): void {
    const { code } = refusal;
    const isOurs = code === 'LALAMOVE_WEBHOOK_NOT_TAKEN';
    const key = `${code} ${webhooks.account ?? ''}`;
    const now = performance.now();
    const saidAt = this.#saidAt.get(key);
    if (saidAt !== undefined && now < saidAt + SILENCE_MS) return;
    this.#saidAt.set(key, now);
    const paths = code === 'LALAMOVE_WEBHOOK_SIGNATURE' ? webhooks.signedPaths.join(' ') : undefined;
    const told = {
      code,
      account: webhooks.account,
      verified_for: paths,
      error: isOurs ? failureOf(refusal) : undefined,
    };
    say(this.#logger, isOurs ? 'error' : 'warn', logLine('A webhook was refused', told));
  }
}

/** Answers of a method that is none of ours name the one that is. */
function write(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent || response.destroyed) return;
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    ...(status === 405 && { allow: 'POST' }),
    // What is too large is not read to its end.
    ...(status === 413 && { connection: 'close' }),
  });
  response.end(text);
}

/** The path of a request, without a slash behind it. */
function pathOf(url = '/'): string {
  const query = url.indexOf('?');
  const path = query === -1 ? url : url.slice(0, query);
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
