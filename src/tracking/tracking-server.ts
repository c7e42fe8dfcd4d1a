import type { IncomingMessage } from 'node:http';
import type { LoggerService, OnModuleDestroy } from '@nestjs/common';
import { logLine, say, wordsOf } from '../internal/log-line.js';
import { EventStream, lastEventId } from '../pages/event-stream.js';
import { PageAssets } from '../pages/page-assets.js';
import { ASSET_HEADERS, DATA_HEADERS, pageHeaders } from '../pages/page-headers.js';
import { pageHtml } from '../pages/page-html.js';
import { queryOf } from '../pages/query-of.js';
import { rawExchange, type RawExchange } from '../pages/raw-exchange.js';
import { sendAnswer } from '../pages/send-answer.js';
import { brandColors } from './brand-colors.js';
import type { LinkCodec, LinkContent } from './link-codec.js';
import type { LiveViews, SeenView } from './live-views.js';
import { acceptedLanguage, closestLanguage, directionOf, type PageLanguage } from './page-language.js';
import { previewText } from './preview-text.js';
import type { RemoteImages } from './remote-images.js';
import { readLogo, type Logo } from './tracking-brand.js';
import type { TrackingPageConfig } from './tracking-view.js';
import type { TrackingSettings } from './tracking.options.js';

/** No link needs more streams at a time than this in one process. */
const MAX_VIEWERS = 50;

/** What a route serves. */
export type TrackingRoute = 'file' | 'page' | 'live' | 'proof' | 'photo';

/** The dependencies of {@link TrackingServer}. */
export interface TrackingServerParts {
  readonly settings: TrackingSettings;
  readonly codec: LinkCodec;
  readonly views: LiveViews;
  readonly images: RemoteImages;
  /** The base URL of an account; `undefined` if it has none of its own. */
  readonly baseUrlOf: (account: string) => string | undefined;
  /** Unix ms. */
  readonly now: () => number;
  readonly logger: LoggerService;
}

/** A link that is valid now. */
interface OpenLink {
  readonly content: LinkContent;
  readonly seen: SeenView;
}

/** Answers the requests for the tracking page. */
export class TrackingServer implements OnModuleDestroy {
  readonly #logo: Logo | undefined;
  readonly #streams = new Set<EventStream>();
  readonly #assets = new PageAssets('tracking');
  #isStopped = false;

  constructor(private readonly parts: TrackingServerParts) {
    const { logo } = parts.settings.brand;
    this.#logo = logo === undefined ? undefined : readLogo(logo);
  }

  /** Serves one request. It never rejects. */
  async serve(route: TrackingRoute, request: unknown, reply: unknown): Promise<void> {
    const exchange = rawExchange(request, reply);
    try {
      if (route === 'file') await this.#file(exchange);
      else await this.#linked(route, exchange);
    } catch (error) {
      const what = 'A request for the tracking page failed. If it is about the database, see the log lines before it';
      say(this.parts.logger, 'error', logLine(what, { route, error: wordsOf(error) }));
      if (exchange.response.headersSent) exchange.response.destroy();
      else this.#page(route, exchange, 503, 'away');
    }
  }

  /** Ends the streams, because the server waits for them when it closes. Browsers connect again. */
  onModuleDestroy(): void {
    this.#isStopped = true;
    for (const stream of this.#streams) stream.end();
  }

  async #linked(route: Exclude<TrackingRoute, 'file'>, exchange: RawExchange): Promise<void> {
    const link = await this.#open(exchange.param('link'));
    if (!link) this.#page(route, exchange, 404, 'gone');
    else if (route === 'page') this.#page(route, exchange, 200, 'delivery', link);
    else if (route === 'live') this.#live(exchange, link);
    else await this.#image(route, exchange, link.seen);
  }

  async #open(token: string): Promise<OpenLink | undefined> {
    const content = this.parts.codec.open(token);
    if (!content || !this.#isTimely(content)) return undefined;
    const seen = await this.parts.views.look(content);
    return seen && { content, seen };
  }

  #isTimely({ expiresAt }: LinkContent): boolean {
    return this.parts.now() < expiresAt * 1000;
  }

  #page(
    route: TrackingRoute,
    exchange: RawExchange,
    status: number,
    kind: TrackingPageConfig['kind'],
    link?: OpenLink,
  ): void {
    const { settings } = this.parts;
    const { brand, tiles } = settings;
    const { request, response } = exchange;
    const language = this.#language(request);
    const { title, description, noScript } = previewText(language, brand.name);
    const address = addressesFor(route, exchange);
    const config: TrackingPageConfig = {
      kind,
      language,
      ...address,
      brand: {
        name: brand.name,
        hasLogo: this.#logo !== undefined,
        colors: brandColors(brand.accent),
        ...(brand.support && { support: brand.support }),
      },
      ...(tiles && { tiles }),
      ...(link && { view: link.seen.view, viewId: link.seen.id }),
    };
    const html = pageHtml({
      title,
      lang: language,
      dir: directionOf(language),
      files: address.files,
      config,
      preview: { description, siteName: brand.name },
      noScript,
    });
    const headers = { ...pageHeaders({ tiles }), 'x-robots-tag': 'noindex, nofollow', 'content-language': language };
    sendAnswer(
      request,
      response,
      status,
      { ...headers, 'content-type': 'text/html; charset=utf-8' },
      Buffer.from(html),
    );
  }

  #language({ headers, url }: IncomingMessage): PageLanguage {
    const { language } = this.parts.settings;
    const wish = queryOf(url).get('lang');
    return (
      language ??
      (wish === null ? undefined : closestLanguage(wish)) ??
      acceptedLanguage(headers['accept-language']) ??
      'en'
    );
  }

  #live({ request, response }: RawExchange, { content, seen }: OpenLink): void {
    const { views } = this.parts;
    if (this.#isStopped || views.viewers(content) >= MAX_VIEWERS) {
      sendAnswer(request, response, 503, { ...DATA_HEADERS, 'retry-after': '5' }, Buffer.alloc(0));
      return;
    }
    const stream = new EventStream(response, DATA_HEADERS);
    this.#streams.add(stream);
    let shown = lastEventId(request);
    const show = (now: SeenView | undefined): void => {
      if (!now || !this.#isTimely(content)) {
        stream.send('gone', {});
        stream.end();
        return;
      }
      if (now.id !== shown) stream.send('view', now.view, now.id);
      shown = now.id;
      if (!now.view.isOver) return;
      stream.send('over', {});
      stream.end();
    };
    // Before the first look, so that an ended one is not followed.
    show(seen);
    if (seen.view.isOver) {
      this.#streams.delete(stream);
      return;
    }
    const leave = views.follow(content, show);
    stream.onClose(() => {
      this.#streams.delete(stream);
      leave();
    });
  }

  async #image(route: 'proof' | 'photo', exchange: RawExchange, seen: SeenView): Promise<void> {
    const { images, baseUrlOf } = this.parts;
    const url = route === 'proof' ? seen.proofImage : seen.photo;
    const image = url === undefined ? undefined : await images.get(url, baseUrlOf(seen.account));
    if (!image) {
      this.#page(route, exchange, 404, 'gone');
      return;
    }
    const headers = { ...DATA_HEADERS, ...IMAGE_HEADERS, 'content-type': image.type };
    sendAnswer(exchange.request, exchange.response, 200, headers, image.body);
  }

  async #file(exchange: RawExchange): Promise<void> {
    const name = exchange.param('name');
    const asset = name === 'logo' ? this.#logo : await this.#assets.get(name);
    if (!asset) {
      this.#page('file', exchange, 404, 'gone');
      return;
    }
    const { request, response } = exchange;
    const etag = 'etag' in asset && typeof asset.etag === 'string' ? asset.etag : undefined;
    const headers = { ...ASSET_HEADERS, ...(name === 'logo' && IMAGE_HEADERS), ...(etag !== undefined && { etag }) };
    if (etag !== undefined && request.headers['if-none-match'] === etag) response.writeHead(304, headers).end();
    else sendAnswer(request, response, 200, { ...headers, 'content-type': asset.type }, asset.body);
  }
}

/** A picture that is opened by itself must not run anything: an SVG is a document. */
const IMAGE_HEADERS = {
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
  'cross-origin-resource-policy': 'same-origin',
};

/** The addresses of the files and of a link, relative to what was asked for: with and without a slash at its end. */
function addressesFor(
  route: TrackingRoute,
  { request, param }: RawExchange,
): Pick<TrackingPageConfig, 'files' | 'here'> {
  if (route === 'file') return { files: '', here: '' };
  const [path = ''] = (request.url ?? '').split('?', 1);
  if (route !== 'page' || path.endsWith('/')) return { files: '../files/', here: '' };
  return { files: 'files/', here: `${encodeURIComponent(param('link'))}/` };
}
