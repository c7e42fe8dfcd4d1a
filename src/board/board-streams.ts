import { EventStream, lastEventId } from '../pages/event-stream.js';
import { DATA_HEADERS } from '../pages/page-headers.js';
import type { RawExchange } from '../pages/raw-exchange.js';
import type { BoardChanges } from './board-answers.js';
import { RefusedRequest } from './board-problem.js';
import type { EventFeed } from './event-feed.js';

/** More streams than operators need. */
const MAX_VIEWERS = 200;

/** A stream ends after this time, and the page connects again: so the guard decides again. */
const MAX_STREAM_MS = 5 * 60_000;

/** A type of event, its data, and the id of the last stored event. */
type Message = [type: 'changes' | 'reset', data: BoardChanges | object, id: number];

/** The live streams of the board. */
export class BoardStreams {
  readonly #open = new Set<EventStream>();
  #isStopped = false;

  constructor(private readonly feed: EventFeed) {}

  /** @throws RefusedRequest if there are too many viewers, or the app is closing */
  async answer({ request, response }: RawExchange): Promise<void> {
    if (this.#isStopped || this.#open.size >= MAX_VIEWERS)
      throw new RefusedRequest(503, 'The board has too many viewers, or the server is closing. It tries again.');
    const given = lastEventId(request) ?? '';
    const since = /^\d{1,15}$/.test(given) ? Number(given) : undefined;
    // The head of the answer is sent only if the events can be read.
    const waiting: Message[] = [];
    let send = (...message: Message): void => {
      waiting.push(message);
    };
    const leave = await this.feed.follow(
      {
        changes: (events, lastId) => {
          send('changes', { events }, lastId);
        },
        reset: (lastId) => {
          send('reset', {}, lastId);
        },
      },
      since,
    );
    if (response.destroyed || this.#hasStopped()) {
      leave();
      response.destroy();
      return;
    }
    const opened = new EventStream(response, DATA_HEADERS);
    send = (...message) => {
      opened.send(...message);
    };
    this.#open.add(opened);
    const timer = setTimeout(() => {
      opened.end();
    }, MAX_STREAM_MS).unref();
    opened.onClose(() => {
      clearTimeout(timer);
      this.#open.delete(opened);
      leave();
    });
    for (const message of waiting) send(...message);
  }

  /** It may have stopped while the events were read. */
  #hasStopped(): boolean {
    return this.#isStopped;
  }

  /** Ends the streams, because the server waits for them when it closes. Browsers connect again. */
  stop(): void {
    this.#isStopped = true;
    for (const stream of this.#open) stream.end();
  }
}
