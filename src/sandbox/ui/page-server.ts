import type { IncomingMessage, ServerResponse } from 'node:http';
import { PageAssets } from '../../pages/page-assets.js';
import { ASSET_HEADERS, DATA_HEADERS, pageHeaders } from '../../pages/page-headers.js';
import { pageHtml } from '../../pages/page-html.js';
import { hostRefusal } from '../control/host-rule.js';
import type { PageConfig } from './page-config.js';

/** Where the files of the page are. */
const FILES_PATH = '/_sandbox/ui/';

/** Serves the sandbox's page at `/`. Nothing is read from the disk before the page is asked for. */
export class PageServer {
  readonly #assets = new PageAssets('sandbox');

  constructor(
    private readonly config: PageConfig,
    private readonly isLoopback: boolean,
  ) {}

  /** Whether a request is for the page. A call of Lalamove's API is signed, also one of a path that does not exist. */
  static isFor({ method, url = '', headers }: IncomingMessage): boolean {
    const path = pathOf(url);
    const isRead = method === 'GET' || method === 'HEAD';
    return path.startsWith(FILES_PATH) || (path === '/' && isRead && headers.authorization === undefined);
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '/', headers } = request;
    request.resume();
    const refusal = this.isLoopback ? hostRefusal(headers) : undefined;
    if (refusal !== undefined) this.#refuse(response, 403, refusal);
    else if (method !== 'GET' && method !== 'HEAD') this.#refuse(response, 405, 'Ask for a file of the page by GET.');
    else if (pathOf(url) === '/') await this.#sendPage(method, response);
    else await this.#sendFile(pathOf(url).slice(FILES_PATH.length), request, response);
  }

  async #sendPage(method: string, response: ServerResponse): Promise<void> {
    const problem = await this.#problem();
    if (problem !== undefined) {
      this.#refuse(response, 503, problem);
      return;
    }
    const files = FILES_PATH.slice(1);
    const html = pageHtml({ title: 'Lalamove sandbox', lang: 'en', files, config: this.config });
    response.writeHead(200, { ...pageHeaders(this.config), 'content-type': 'text/html; charset=utf-8' });
    response.end(method === 'HEAD' ? '' : html);
  }

  async #sendFile(name: string, { method, headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    const problem = await this.#problem();
    const asset = problem === undefined ? await this.#assets.get(name) : undefined;
    if (!asset) {
      const why = problem ?? `The sandbox's page has no file ${name.slice(0, 100)}.`;
      this.#refuse(response, problem === undefined ? 404 : 503, why);
      return;
    }
    const { type, etag, body } = asset;
    if (headers['if-none-match']?.split(/\s*,\s*/).includes(etag)) {
      response.writeHead(304, { ...ASSET_HEADERS, etag }).end();
      return;
    }
    response.writeHead(200, { ...ASSET_HEADERS, etag, 'content-type': type, 'content-length': body.length });
    response.end(method === 'HEAD' ? '' : body);
  }

  /** Why the page cannot be shown. A later build may have mended it. */
  async #problem(): Promise<string | undefined> {
    try {
      await this.#assets.get('app.js');
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  #refuse(response: ServerResponse, status: number, message: string): void {
    response.writeHead(status, { ...DATA_HEADERS, 'content-type': 'application/json; charset=utf-8' });
    response.end(`${JSON.stringify({ message })}\n`);
  }
}

function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? url;
}
