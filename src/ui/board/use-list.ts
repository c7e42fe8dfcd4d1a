import { useEffect, useRef, useState } from 'preact/hooks';
import type { BoardPage } from '../../board/board-answers.js';
import type { ListedDelivery } from '../../deliveries/inspection.js';
import { problemOf, useChanges, type Change } from './live.js';
import { readDelivery, readPage } from './read-board.js';
import { keyText } from './route.js';
import { statesOf, type Filter } from './states.js';

/** A line of the list: a delivery, or one whose row cannot be read. */
export type Row =
  | { readonly key: string; readonly delivery: ListedDelivery }
  | { readonly key: string; readonly unreadable: { readonly reference: string; readonly account: string | undefined } };

/** A list of deliveries, as far as it is loaded. */
export interface DeliveryList {
  /** `undefined` while the first page is read. */
  readonly rows: readonly Row[] | undefined;
  readonly problem: string | undefined;
  readonly hasMore: boolean;
  readonly loadMore: () => void;
}

/** Rows below the first page that are read again one by one after a change; the others when they are looked at. */
const MAX_SINGLE_READS = 20;

/** What is listed. */
interface ListQuery {
  readonly filter: Filter;
  /** `undefined` for all accounts. */
  readonly account: string | undefined;
}

interface Loaded {
  /** The query, as a text. */
  readonly query: string;
  readonly rows: readonly Row[];
  readonly cursor: string | undefined;
}

/** The lines of a page, or of what a search has found. */
export function rowsOf({ deliveries, unreadable }: Omit<BoardPage, 'cursor'>): Row[] {
  return [
    ...unreadable.map((each) => ({ key: keyText(each), unreadable: each })),
    ...deliveries.map((delivery) => ({ key: keyText(delivery), delivery })),
  ];
}

/** The deliveries of a filter, the newest first. It stays current. */
export function useList({ filter, account }: ListQuery): DeliveryList {
  const [loaded, setLoaded] = useState<Loaded>();
  const [problem, setProblem] = useState<string>();
  const current = useRef<Loaded>(undefined);
  const isReading = useRef(false);
  const asked = { states: statesOf(filter).join(','), ...(account !== undefined && { account }) };
  const query = JSON.stringify(asked);

  const show = (next: Loaded): void => {
    current.current = next;
    setLoaded(next);
    setProblem(undefined);
  };

  const refresh = async (change: Change): Promise<void> => {
    try {
      const page = await readPage(asked);
      const before = current.current?.query === query ? current.current : undefined;
      if (!before || page.cursor === undefined) {
        show({ query, rows: rowsOf(page), cursor: page.cursor });
        return;
      }
      const first = rowsOf(page);
      const oldest = page.deliveries.at(-1)?.createdAt ?? '';
      const known = new Set(first.map(({ key }) => key));
      const older = before.rows.filter(
        (row) => !known.has(row.key) && 'delivery' in row && row.delivery.createdAt <= oldest,
      );
      const rest = older.length === 0 ? [] : await reread(older, change, filter);
      show({ query, rows: [...first, ...rest], cursor: rest.length === 0 ? page.cursor : before.cursor });
    } catch (error) {
      setProblem(problemOf(error));
    }
  };

  useEffect(() => {
    current.current = undefined;
    void refresh('all');
  }, [query]);
  useChanges((change) => void refresh(change), [query]);

  const loadMore = (): void => {
    const from = current.current;
    if (isReading.current || from?.cursor === undefined || from.query !== query) return;
    isReading.current = true;
    readPage({ ...asked, cursor: from.cursor })
      .then(
        (page) => {
          const now = current.current;
          if (now?.query !== query || now.cursor !== from.cursor) return;
          const known = new Set(now.rows.map(({ key }) => key));
          const more = rowsOf(page).filter(({ key }) => !known.has(key));
          show({ query, rows: [...now.rows, ...more], cursor: page.cursor });
        },
        (error: unknown) => {
          setProblem(problemOf(error));
        },
      )
      .finally(() => {
        isReading.current = false;
      });
  };

  const isCurrent = loaded?.query === query;
  return {
    rows: isCurrent ? loaded.rows : undefined,
    problem,
    hasMore: isCurrent && loaded.cursor !== undefined,
    loadMore,
  };
}

/** Reads rows below the first page that have changed. One that no longer belongs to the list goes. */
async function reread(rows: readonly Row[], change: Change, filter: Filter): Promise<readonly Row[]> {
  if (change === 'all') return rows;
  const changed = new Set(
    change.map(({ reference, account }) => (reference === undefined ? '' : keyText({ reference, account }))),
  );
  const states = statesOf(filter);
  let reads = 0;
  const current = await Promise.all(
    rows.map(async (row): Promise<readonly Row[]> => {
      if (!('delivery' in row) || !changed.has(row.key) || (reads += 1) > MAX_SINGLE_READS) return [row];
      const { delivery } = await readDelivery(row.delivery);
      return states.length === 0 || states.includes(delivery.state) ? [{ key: row.key, delivery }] : [];
    }),
  );
  return current.flat();
}
