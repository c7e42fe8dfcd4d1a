import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { BoardSearch } from '../../board/board-answers.js';
import { EmptyState, Notice } from '../shared/elements.js';
import { onceAtATime } from '../shared/once-at-a-time.js';
import { DeliveryRows } from './delivery-rows.js';
import { problemOf, useChanges } from './live.js';
import { readSearch, type DeliveryKey } from './read-board.js';
import type { Filter } from './states.js';
import { rowsOf } from './use-list.js';

/** How long after the last key. */
const TYPING_MS = 250;

/** A search may look at many deliveries: it is repeated after a change, but not more often than this. */
const REPEAT_MS = 3_000;

interface Found {
  readonly text: string;
  readonly result: BoardSearch | undefined;
  readonly problem: string | undefined;
}

/** What a search has found. */
export function SearchResults({
  text,
  filter,
  selected,
}: {
  text: string;
  filter: Filter;
  selected: DeliveryKey | undefined;
}): JSX.Element {
  const wanted = text.trim();
  const [found, setFound] = useState<Found>();
  const ask = useRef<(() => void) | undefined>(undefined);
  useEffect(() => {
    const gone = new AbortController();
    const show = (next: Found): void => {
      if (!gone.signal.aborted) setFound(next);
    };
    const searches = onceAtATime(
      () =>
        readSearch(wanted, gone.signal).then(
          (result) => {
            show({ text: wanted, result, problem: undefined });
          },
          (error: unknown) => {
            show({ text: wanted, result: undefined, problem: problemOf(error) });
          },
        ),
      REPEAT_MS,
    );
    const timer = setTimeout(() => {
      ask.current = searches.ask;
      searches.ask();
    }, TYPING_MS);
    return () => {
      clearTimeout(timer);
      ask.current = undefined;
      searches.stop();
      gone.abort();
    };
  }, [wanted]);
  useChanges(() => {
    ask.current?.();
  }, []);
  if (found?.problem !== undefined) return <Notice tone="bad">{found.problem}</Notice>;
  if (!found?.result || found.text !== wanted)
    return (
      <p class="quiet pad" role="status">
        Searching…
      </p>
    );
  const { looked, isComplete } = found.result;
  const rows = rowsOf(found.result);
  return (
    <>
      <div class="list-head row">
        <span class="muted" role="status">
          {rows.length.toLocaleString()} found
          {!isComplete && `, in the newest ${looked.toLocaleString()} deliveries`}
        </span>
      </div>
      {rows.length === 0 ? (
        <EmptyState title={`Nothing fits “${wanted.slice(0, 60)}”`}>
          <p>Search a part of the reference, the whole order id, or the last 4 digits or more of a phone number.</p>
        </EmptyState>
      ) : (
        <DeliveryRows rows={rows} filter={filter} selected={selected} />
      )}
    </>
  );
}
