/** Whether a live stream is connected. */
export type LiveStatus = 'connecting' | 'live' | 'offline';

/** What happens with the events of a live stream. */
export interface LiveStreamParts {
  /** The address of the stream, without a query. */
  readonly url: string;
  /** The types of events to listen to. */
  readonly types: readonly string[];
  /** The id of the last event that the page has already. */
  readonly since?: string;
  readonly onEvent: (type: string, data: unknown, id: string) => void;
  readonly onStatus: (status: LiveStatus) => void;
}

const MAX_WAIT_MS = 5_000;

/**
 * Follows server-sent events. After a break it connects again, and asks for what came after the last event. A browser
 * does that by itself only while the server answers with a stream; this also survives an error status.
 *
 * @returns a function that ends it
 */
export function followLive({ url, types, since = '', onEvent, onStatus }: LiveStreamParts): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lastId = since;
  let failures = 0;
  let isOver = false;

  const connect = (): void => {
    const current = new EventSource(lastId === '' ? url : `${url}?since=${encodeURIComponent(lastId)}`);
    source = current;
    current.addEventListener('open', () => {
      failures = 0;
      onStatus('live');
    });
    current.addEventListener('error', () => {
      // Always our own reconnect: the browser's keeps the old query, and gives up after an error status.
      current.close();
      if (isOver) return;
      onStatus('offline');
      failures += 1;
      timer = setTimeout(connect, Math.min(MAX_WAIT_MS, 250 * 2 ** failures));
    });
    for (const type of types) {
      current.addEventListener(type, (event) => {
        if (event.lastEventId !== '') lastId = event.lastEventId;
        const data: unknown = typeof event.data === 'string' ? JSON.parse(event.data) : undefined;
        onEvent(type, data, event.lastEventId);
      });
    }
  };

  onStatus('connecting');
  connect();
  return () => {
    isOver = true;
    clearTimeout(timer);
    source?.close();
  };
}
