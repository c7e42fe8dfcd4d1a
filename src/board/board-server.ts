import type { LoggerService, OnModuleDestroy } from '@nestjs/common';
import { logLine, say, wordsOf } from '../internal/log-line.js';
import { PageAssets } from '../pages/page-assets.js';
import { pageHeaders } from '../pages/page-headers.js';
import { pageHtml } from '../pages/page-html.js';
import { rawExchange, type RawExchange } from '../pages/raw-exchange.js';
import { sendAnswer, sendAsset, sendJson } from '../pages/send-answer.js';
import { cancelDelivery, resolveDelivery } from './board-actions.js';
import type { BoardConfig } from './board-answers.js';
import { BoardData, type BoardSource } from './board-data.js';
import { operatorOf } from './board-operator.js';
import { problemAnswer, RefusedRequest } from './board-problem.js';
import { addressOf } from './board-query.js';
import { BoardStreams } from './board-streams.js';
import type { BoardSettings } from './board.options.js';
import { EventFeed } from './event-feed.js';
import { requestBody } from './request-body.js';
import { foreignActionProblem, foreignReadProblem } from './request-trust.js';

/** What a route serves. */
export type BoardRoute = 'page' | 'file' | 'data' | 'action';

/** The dependencies of {@link BoardServer}. */
export interface BoardServerParts {
  readonly settings: BoardSettings;
  readonly source: () => BoardSource;
  readonly logger: LoggerService;
}

/** Answers the requests for the board. The guard has let them through. */
export class BoardServer implements OnModuleDestroy {
  readonly #data: BoardData;
  readonly #streams: BoardStreams;
  readonly #assets = new PageAssets('board');

  constructor(private readonly parts: BoardServerParts) {
    this.#data = new BoardData(parts.source);
    this.#streams = new BoardStreams(new EventFeed(() => parts.source().inspection));
  }

  /** Serves one request. It never rejects. */
  async serve(route: BoardRoute, given: never, reply: unknown): Promise<void> {
    const exchange = rawExchange(given, reply);
    const { request, response, param } = exchange;
    try {
      if (route === 'page') await this.#page(exchange, given);
      else if (route === 'file') await this.#file(exchange);
      else if (route === 'action') await this.#action(exchange, given);
      else await this.#read(exchange);
    } catch (error) {
      if (response.destroyed) return;
      const { status, body, isUnexpected } = problemAnswer(error);
      if (isUnexpected) {
        const what = 'A request for the board failed. If it is about the database, see the log lines before it';
        const name = param('name');
        say(this.parts.logger, 'error', logLine(what, { route, name: name.slice(0, 40), error: wordsOf(error) }));
      }
      if (response.headersSent) response.destroy();
      else sendJson(request, response, status, body);
    }
  }

  onModuleDestroy(): void {
    this.#streams.stop();
  }

  async #page({ request, response }: RawExchange, given: never): Promise<void> {
    const { settings } = this.parts;
    const { isReadOnly, user } = await operatorOf(settings, given);
    const base = baseOf(addressOf(request).pathname);
    const config: BoardConfig = { base, isReadOnly, user, tiles: settings.tiles, board: 1 };
    const html = pageHtml({ title: 'Deliveries', lang: 'en', files: `${base}files/`, config });
    const headers = { ...pageHeaders({ tiles: settings.tiles }), 'content-type': 'text/html; charset=utf-8' };
    sendAnswer(request, response, 200, headers, Buffer.from(html));
  }

  async #file({ request, response, param }: RawExchange): Promise<void> {
    const asset = await this.#assets.get(param('name'));
    if (!asset) throw new RefusedRequest(404, 'The board has no such file.');
    sendAsset(request, response, asset);
  }

  async #read(exchange: RawExchange): Promise<void> {
    const problem = foreignReadProblem(exchange.request.headers);
    if (problem !== undefined) throw new RefusedRequest(403, problem);
    const name = exchange.param('name');
    if (name === 'stream') await this.#streams.answer(exchange);
    else await this.#data.answer(name, exchange);
  }

  async #action({ request, response, param }: RawExchange, given: never): Promise<void> {
    const { settings, source } = this.parts;
    const problem = foreignActionProblem(request.headers, settings.origins ?? []);
    if (problem !== undefined) throw new RefusedRequest(403, problem);
    const { isReadOnly, user } = await operatorOf(settings, given);
    if (isReadOnly) throw new RefusedRequest(403, 'You may look at deliveries, but not change them.');
    const action = { cancel: cancelDelivery, resolve: resolveDelivery }[actionName(param('name'))];
    const delivery = await action(source(), await requestBody(given, request), user);
    sendJson(request, response, 200, delivery);
  }
}

function actionName(name: string): 'cancel' | 'resolve' {
  if (name === 'cancel' || name === 'resolve') return name;
  throw new RefusedRequest(404, 'The board has no such action.');
}

/** The prefix of the page's routes, relative to the page: with and without a slash at its end. */
function baseOf(pathname: string): string {
  const last = pathname.slice(pathname.lastIndexOf('/') + 1);
  return last === '' ? '' : `./${last}/`;
}
