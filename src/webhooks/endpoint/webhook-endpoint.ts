import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { RequestBodies } from './request-body.js';
import { failureOf, type LalamoveWebhooks } from '../lalamove-webhooks.js';
import { ThrottledLog } from '../../internal/throttled-log.js';
import { LalamoveWebhookException } from '../webhook.exceptions.js';

/** Those that the app answers where it has a route of its own, and we where it has none: Lalamove may probe by them. */
const PROBING = new Set<string | undefined>(['GET', 'HEAD']);

/** Answers the webhooks of all registrations of an app, on bare requests and responses of `node:http`: nothing of the app's own stands between. */
@Injectable()
export class LalamoveWebhookEndpoint implements OnApplicationShutdown {
  readonly #log = new ThrottledLog(new Logger('LalamoveWebhooks'));
  readonly #bodies = new RequestBodies();
  readonly #routes = new Map<string, LalamoveWebhooks>();

  /** @param path with the global prefix and the slash that it begins with */
  add(path: string, webhooks: LalamoveWebhooks): void {
    this.#routes.set(path, webhooks);
  }

  onApplicationShutdown(): void {
    this.#log.end();
  }

  /**
   * Answers a request that is an endpoint's.
   *
   * @returns `false` for all others, which are left alone: also what a route of the app's own, or its CORS, may answer
   */
  serve(request: IncomingMessage, response: ServerResponse): boolean {
    const webhooks = this.#webhooksFor(request);
    if (!webhooks || PROBING.has(request.method) || request.method === 'OPTIONS') return false;
    void this.#answer(webhooks, request, response);
    return true;
  }

  /**
   * Answers a `GET` or `HEAD` that no route of the app has answered, as Lalamove may probe a URL.
   *
   * @returns `false` for all others, which are left alone
   */
  serveProbe(request: IncomingMessage, response: ServerResponse): boolean {
    if (!PROBING.has(request.method) || !this.#webhooksFor(request)) return false;
    write(response, 200, { received: true, ignored: true });
    return true;
  }

  #webhooksFor({ url }: IncomingMessage): LalamoveWebhooks | undefined {
    return this.#routes.size === 0 ? undefined : this.#routes.get(pathOf(url));
  }

  async #answer(webhooks: LalamoveWebhooks, request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (request.method !== 'POST') throw new LalamoveWebhookException('LALAMOVE_WEBHOOK_METHOD');
      const receipt = await this.#bodies.read(request, (body) => webhooks.handle(body));
      if (receipt === undefined) return;
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
    const paths = code === 'LALAMOVE_WEBHOOK_SIGNATURE' ? webhooks.signedPaths.join(' ') : undefined;
    this.#log.say(
      {
        level: isOurs ? 'error' : 'warn',
        what: 'A webhook was refused',
        of: { code, account: webhooks.account },
        maxLines: 1,
      },
      { verified_for: paths, error: isOurs ? failureOf(refusal) : undefined },
    );
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
    // What is too large, or one too many, is not read to its end.
    ...((status === 413 || (status === 503 && !response.req.complete)) && { connection: 'close' }),
  });
  response.end(text);
}

/** The path of a request, without a slash behind it. */
function pathOf(url = '/'): string {
  const query = url.indexOf('?');
  const path = query === -1 ? url : url.slice(0, query);
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
