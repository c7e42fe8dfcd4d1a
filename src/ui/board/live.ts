import { useEffect, useState } from 'preact/hooks';
import type { BoardSummary } from '../../board/board-answers.js';
import type { InspectedEvent } from '../../deliveries/inspection.js';
import { followLive, type LiveStatus } from '../shared/live-stream.js';
import { RequestError } from '../shared/request-json.js';
import { dataUrl, isChanges, readSummary } from './read-board.js';

/** What changed: some events, or everything may have changed. */
export type Change = readonly InspectedEvent[] | 'all';

/** What the page knows of the server. */
export interface LiveView {
  readonly status: LiveStatus;
  readonly summary: BoardSummary | undefined;
  /** Whether the login has ended. */
  readonly isLoggedOut: boolean;
}

/** How long changes are collected, so that many at once cause one reading. */
const COLLECTED_MS = 400;

/** Counts such as the lag change without an event. */
const SUMMARY_MS = 15_000;

/** Viewers share counts that are up to a second old. After this time they are of after the change. */
const TRAILING_MS = 1_300;

/** More events than this cause a reading of everything. */
const MAX_COLLECTED = 500;

let view: LiveView = { status: 'connecting', summary: undefined, isLoggedOut: false };
const viewListeners = new Set<() => void>();
const changeListeners = new Set<(change: Change) => void>();
let collected: InspectedEvent[] | 'all' = [];
let timer: ReturnType<typeof setTimeout> | undefined;
let trailing: ReturnType<typeof setTimeout> | undefined;
let wasLive = false;

function publish(changes: Partial<LiveView>): void {
  view = { ...view, ...changes };
  for (const listener of viewListeners) listener();
}

/** Tells the page about a failed request. @returns its message */
export function problemOf(error: unknown): string {
  if (error instanceof RequestError && error.status === 401) publish({ isLoggedOut: true });
  return error instanceof Error ? error.message : String(error);
}

async function refreshSummary(): Promise<void> {
  try {
    const summary = await readSummary();
    const waiting = summary.byState.needs_attention;
    document.title = waiting > 0 ? `(${waiting.toLocaleString()}) Deliveries` : 'Deliveries';
    publish({ summary, isLoggedOut: false });
  } catch (error) {
    problemOf(error);
  }
}

function collect(change: Change): void {
  if (change === 'all' || collected === 'all' || collected.length + change.length > MAX_COLLECTED) collected = 'all';
  else collected.push(...change);
  timer ??= setTimeout(flush, COLLECTED_MS);
}

function flush(): void {
  const change = collected;
  collected = [];
  timer = undefined;
  void refreshSummary();
  clearTimeout(trailing);
  trailing = setTimeout(() => {
    void refreshSummary();
  }, TRAILING_MS);
  for (const listener of changeListeners) listener(change);
}

/** Reads everything again, for example after an action. */
export function refreshNow(): void {
  clearTimeout(timer);
  collected = 'all';
  flush();
}

/** Follows the server until the page is closed. */
export function followBoard(): void {
  followLive({
    url: dataUrl('stream'),
    types: ['changes', 'reset'],
    onEvent: (type, data) => {
      if (type === 'reset') collect('all');
      else if (isChanges(data) && data.events.length > 0) collect(data.events);
    },
    onStatus: (status) => {
      publish({ status });
      if (status !== 'live') {
        if (status === 'offline') void refreshSummary();
        return;
      }
      // What happened before the first event is not in the stream.
      if (!wasLive) collect('all');
      wasLive = true;
    },
  });
  void refreshSummary();
  setInterval(() => {
    if (document.visibilityState === 'visible') void refreshSummary();
  }, SUMMARY_MS);
}

/** What the page knows of the server. The component is drawn again when that changes. */
export function useLiveView(): LiveView {
  const [current, setCurrent] = useState(view);
  useEffect(() => {
    const listener = (): void => {
      setCurrent(view);
    };
    viewListeners.add(listener);
    listener();
    return () => {
      viewListeners.delete(listener);
    };
  }, []);
  return current;
}

/** Calls back at each change, until the component goes. */
export function useChanges(callback: (change: Change) => void, dependencies: readonly unknown[]): void {
  useEffect(() => {
    changeListeners.add(callback);
    return () => {
      changeListeners.delete(callback);
    };
  }, dependencies);
}
