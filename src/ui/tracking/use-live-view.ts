import { useEffect, useState } from 'preact/hooks';
import type { TrackingPageConfig, TrackingView } from '../../tracking/tracking-view.js';
import { followLive, type LiveStatus } from '../shared/live-stream.js';
import { isView } from './page-settings.js';

/** What the page shows, as it is now. */
export interface LiveView {
  readonly kind: TrackingPageConfig['kind'];
  readonly view: TrackingView | undefined;
  /** `over`: nothing more is expected, so nothing is followed. */
  readonly status: LiveStatus | 'over';
  /** When the server was last heard: ISO 8601. */
  readonly knownAt: string;
}

/** Follows a delivery while the page is open. */
export function useLiveView({ kind, view, viewId, here }: TrackingPageConfig): LiveView {
  const [live, setLive] = useState<LiveView>({
    kind,
    view,
    status: view?.isOver === true ? 'over' : 'connecting',
    knownAt: new Date().toISOString(),
  });
  useEffect(() => {
    if (kind !== 'delivery' || view?.isOver === true) return undefined;
    const change = (changed: Partial<LiveView>): void => {
      setLive((before) => ({ ...before, ...changed }));
    };
    let since = viewId ?? '';
    return whileSeen((end) =>
      followLive({
        url: `${here}live`,
        types: ['view', 'gone', 'over'],
        since,
        onEvent: (type, data, id) => {
          if (id !== '') since = id;
          if (type === 'view' && isView(data)) change({ view: data, knownAt: new Date().toISOString() });
          if (type === 'over') change({ status: 'over' });
          if (type === 'gone') change({ kind: 'gone' });
          if (type !== 'view') end();
        },
        onStatus: (status) => {
          change({ status, ...(status === 'live' && { knownAt: new Date().toISOString() }) });
          if (status === 'offline')
            void isGone().then((isSo) => {
              if (!isSo) return;
              change({ kind: 'gone' });
              end();
            });
        },
      }),
    );
  }, []);
  return live;
}

/** A page that nobody sees follows nothing after this time: the driver is read only while somebody looks. */
const UNSEEN_MS = 60_000;

/**
 * Follows something while the page is seen.
 *
 * @param follow gets a function that ends it for good, and returns one that stops it
 * @returns a function that ends it for good
 */
function whileSeen(follow: (end: () => void) => () => void): () => void {
  let stop: (() => void) | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const pause = (): void => {
    stop?.();
    stop = undefined;
  };
  const look = (): void => {
    clearTimeout(timer);
    if (document.visibilityState === 'hidden') timer = setTimeout(pause, UNSEEN_MS);
    else stop ??= follow(end);
  };
  const end = (): void => {
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', look);
    pause();
  };
  document.addEventListener('visibilitychange', look);
  // A page that is opened in the background is followed too, until it is clear that nobody comes.
  stop = follow(end);
  look();
  return end;
}

/** A stream says no more than that it failed, so the page itself is asked. */
async function isGone(): Promise<boolean> {
  try {
    return (await fetch(location.href, { method: 'HEAD', cache: 'no-store' })).status === 404;
  } catch {
    return false;
  }
}
