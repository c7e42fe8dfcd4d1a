import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { RequestBodies } from './request-bodies.js';
import { failureOf, type LalamoveWebhooks } from '../lalamove-webhooks.js';
import { ThrottledLog } from '../../internal/throttled-log.js';
import { LalamoveWebhookException } from '../webhook.exceptions.js';

/** Methods with which Lalamove may probe the URL. A route of the app has precedence over the endpoint. */
const PROBING = new Set<string | undefined>(['GET', 'HEAD']);

/** Answers the webhooks of all registrations, on requests and responses of `node:http`, outside of Nest's router. */
@Injectable()
export class LalamoveWebhookEndpoint implements OnApplicationShutdown {
  readonly #log = new ThrottledLog(new Logger('LalamoveWebhooks'));
  readonly #bodies = new RequestBodies();
  readonly #routes = new Map<string, LalamoveWebhooks>();

  /** @param path the full path, with the global prefix and a leading slash */
  add(path: string, webhooks: LalamoveWebhooks): void {
    this.#routes.set(path, webhooks);
  }

  onApplicationShutdown(): void {
    this.#log.end();
  }

  /**
   * Answers a request on the path of an endpoint.
   *
   * @returns `false` for any other request, which the app must answer, and for probes and CORS requests
   */
  serve(request: IncomingMessage, response: ServerResponse): boolean {
    const webhooks = this.#webhooksFor(request);
    if (!webhooks || PROBING.has(request.method) || request.method === 'OPTIONS') return false;
    void this.#answer(webhooks, request, response);
    return true;
  }

  /**
   * Answers a `GET` or `HEAD` on the path of an endpoint, which can be a probe of Lalamove's. Call it after the app's
   * own routes.
   *
   * @returns `false` for any other request
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
      // The sandbox warns if an event is ignored.
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
    this.#logRefusal(refusal, webhooks);
    write(response, status, refusal.getResponse());
  }

  #logRefusal(refusal: LalamoveWebhookException, webhooks: LalamoveWebhooks): void {
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

/** Writes a JSON answer. A 405 names the allowed method. */
function write(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent || response.destroyed) return;
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    ...(status === 405 && { allow: 'POST' }),
    // A body that is refused before its end is not read any further.
    ...((status === 413 || (status === 503 && !response.req.complete)) && { connection: 'close' }),
  });
  response.end(text);
}

/** The path of a request, without query and without trailing slash. */
function pathOf(url = '/'): string {
  const query = url.indexOf('?');
  const path = query === -1 ? url : url.slice(0, query);
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
