import { once } from 'node:events';
import type { DeliveriesService } from '../deliveries/deliveries.service.js';
import type { DeliveriesInspection } from '../deliveries/inspection.js';
import type { RawExchange } from '../pages/raw-exchange.js';
import { sendJson } from '../pages/send-answer.js';
import { DATA_HEADERS } from '../pages/page-headers.js';
import type { BoardDelivery, BoardPosition, BoardSummary } from './board-answers.js';
import { RefusedRequest } from './board-problem.js';
import { addressOf, deliveryQuery, inspectionQuery } from './board-query.js';
import { CSV_HEAD, csvLines } from './deliveries-csv.js';
import { seenOf } from './seen-delivery.js';

const PAGE_SIZE = 100;
const CSV_PAGE_SIZE = 200;
const SEARCH_LIMIT = 50;
const MAX_QUERY = 200;

/** Several viewers at once share the counts, which are not read more often than this. */
const SUMMARY_MS = 1_000;

/** What the data are read from. */
export interface BoardSource {
  readonly deliveries: DeliveriesService;
  readonly inspection: DeliveriesInspection;
}

/** Answers the requests for data, but the stream. */
export class BoardData {
  #summary: { readonly at: number; readonly answer: Promise<BoardSummary> } | undefined;

  constructor(private readonly source: () => BoardSource) {}

  /** @throws RefusedRequest for a name that does not exist, or a wrong query */
  async answer(name: string, exchange: RawExchange): Promise<void> {
    const { request, response } = exchange;
    const { deliveries, inspection } = this.source();
    const url = addressOf(request);
    const json = (value: unknown): void => {
      sendJson(request, response, 200, value);
    };
    switch (name) {
      case 'summary':
        json(await this.#counts());
        return;
      case 'deliveries':
        json(await inspection.newest(inspectionQuery(url, PAGE_SIZE)));
        return;
      case 'deliveries.csv':
        await this.#csv(exchange, url);
        return;
      case 'search':
        json(await this.#search(exchange, url));
        return;
      case 'delivery': {
        const { reference, account } = deliveryQuery(url);
        const details = await inspection.details(reference, account);
        json({ ...details, seen: seenOf(details) } satisfies BoardDelivery);
        return;
      }
      case 'position': {
        const { reference, account } = deliveryQuery(url);
        const position = await deliveries.position(reference, account === undefined ? {} : { account });
        json({ position } satisfies BoardPosition);
        return;
      }
      default:
        throw new RefusedRequest(404, 'The board has no such data.');
    }
  }

  #counts(): Promise<BoardSummary> {
    const now = Date.now();
    if (this.#summary && now - this.#summary.at < SUMMARY_MS && now >= this.#summary.at) return this.#summary.answer;
    const answer = this.#read();
    this.#summary = { at: now, answer };
    answer.catch(() => {
      // The next viewer tries again.
      this.#summary = undefined;
    });
    return answer;
  }

  async #read(): Promise<BoardSummary> {
    const { deliveries, inspection } = this.source();
    const [metrics, wallets] = await Promise.all([deliveries.metrics(), inspection.wallets()]);
    return { ...metrics, wallets, now: new Date().toISOString() };
  }

  async #search({ response }: RawExchange, { searchParams }: URL): Promise<unknown> {
    const text = (searchParams.get('q') ?? '').trim();
    if (text === '' || text.length > MAX_QUERY)
      throw new RefusedRequest(400, `A search needs a text of 1 to ${MAX_QUERY} characters.`);
    const gone = new AbortController();
    response.once('close', () => {
      gone.abort();
    });
    return this.source().inspection.search(text, { limit: SEARCH_LIMIT, signal: gone.signal });
  }

  /** Page by page, as fast as it is taken, so that any number of deliveries needs little memory. */
  async #csv({ request, response }: RawExchange, url: URL): Promise<void> {
    const query = inspectionQuery(url, CSV_PAGE_SIZE);
    const { inspection } = this.source();
    let page = await inspection.newest(query);
    const name = `deliveries-${new Date().toISOString().slice(0, 10)}.csv`;
    response.writeHead(200, {
      ...DATA_HEADERS,
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="${name}"`,
    });
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    response.write(CSV_HEAD);
    for (;;) {
      if (response.destroyed) return;
      const isFull = !response.write(csvLines(page));
      if (page.cursor === undefined) break;
      if (isFull) await Promise.race([once(response, 'drain'), once(response, 'close')]);
      page = await inspection.newest({ ...query, cursor: page.cursor });
    }
    response.end();
  }
}
