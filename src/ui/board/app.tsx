import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { EmptyState, Notice, Pill, SearchField } from '../shared/elements.js';
import { Toasts } from '../shared/toasts.js';
import { CONFIG } from './config.js';
import { DeliveryDetail } from './delivery-detail.js';
import { DeliveryRows } from './delivery-rows.js';
import { FilterBar } from './filter-bar.js';
import { useLiveView, type LiveView } from './live.js';
import { MetricsStrip } from './metrics-strip.js';
import { dataUrl } from './read-board.js';
import { hrefOf, useRoute } from './route.js';
import { statesOf, type Filter } from './states.js';
import { useList } from './use-list.js';
import { SearchResults } from './search-results.js';

/** A shorter break is a stream that connects again, as it does every few minutes. */
const OUTAGE_MS = 1_500;

/** The operators' board. */
export function App(): JSX.Element {
  const view = useLiveView();
  const { filter: wanted, account, selected } = useRoute();
  const [text, setText] = useState('');
  const filter = wanted ?? firstFilter(view);
  useEffect(() => {
    // The first list stays, also when the last delivery in need has been helped.
    if (wanted === undefined && filter !== undefined) history.replaceState(null, '', hrefOf(filter));
    if (wanted === undefined && filter !== undefined) dispatchEvent(new HashChangeEvent('hashchange'));
  }, [wanted, filter]);
  const isSearch = text.trim() !== '';
  return (
    <>
      <header class={selected ? 'top top-selected' : 'top'}>
        <div class="top-line">
          <h1>
            <span class="brand" aria-hidden="true" />
            Deliveries
          </h1>
          <Live view={view} />
          <div class="top-search">
            <SearchField
              value={text}
              placeholder="Reference, order id, last digits of a phone ( / )"
              onChange={setText}
            />
          </div>
          <Operator />
        </div>
        <MetricsStrip summary={view.summary} />
        <FilterBar
          counts={view.summary?.byState}
          selected={isSearch ? undefined : filter}
          onSelect={() => {
            setText('');
          }}
        />
      </header>
      <main class={selected ? 'panes panes-selected' : 'panes'}>
        <section class="pane list-pane" aria-label="Deliveries">
          <Outage view={view} />
          {isSearch && <SearchResults text={text} filter={filter ?? 'all'} selected={selected} />}
          {!isSearch && filter !== undefined && <List filter={filter} account={account} selected={selected} />}
          {!isSearch && filter === undefined && <p class="quiet pad">Reading deliveries…</p>}
        </section>
        <section class="pane detail-pane" aria-label="Selected delivery">
          {selected ? (
            <DeliveryDetail key={JSON.stringify(selected)} id={selected} filter={filter ?? 'all'} />
          ) : (
            <EmptyState title="Select a delivery">
              <p>You will see its stops, what has happened and why, what it costs, and what you can do.</p>
            </EmptyState>
          )}
        </section>
      </main>
      <Toasts />
    </>
  );
}

/** What needs attention comes first. */
function firstFilter({ summary }: LiveView): Filter | undefined {
  if (!summary) return undefined;
  return summary.byState.needs_attention > 0 ? 'attention' : 'all';
}

function List({
  filter,
  account,
  selected,
}: { filter: Filter } & Pick<ReturnType<typeof useRoute>, 'account' | 'selected'>): JSX.Element {
  const list = useList({ filter, account });
  const states = statesOf(filter).join(',');
  return (
    <>
      {account !== undefined && (
        <p class="only-account row">
          <span class="grow clip">
            Only the account <strong class="foreign">{account}</strong>
          </span>
          <a class="button button-quiet" href={hrefOf(filter, selected, { account: undefined })}>
            Show all accounts
          </a>
        </p>
      )}
      {list.problem !== undefined && <Notice tone="bad">{list.problem}</Notice>}
      <div class="list-head row">
        <span class="muted grow" role="status">
          {list.rows === undefined
            ? 'Reading…'
            : list.rows.length === 0
              ? 'None'
              : `${list.rows.length.toLocaleString()}${list.hasMore ? '+' : ''} shown, the newest first`}
        </span>
        <a class="button button-quiet" href={dataUrl('deliveries.csv', { states, account })} download="">
          Export CSV<span class="visually-hidden"> file of this list</span>
        </a>
      </div>
      {list.rows && <DeliveryRows rows={list.rows} filter={filter} selected={selected} onEnd={list.loadMore} />}
    </>
  );
}

function Outage({ view }: { view: LiveView }): JSX.Element | null {
  const [isLong, setLong] = useState(false);
  const isOffline = view.status === 'offline';
  useEffect(() => {
    setLong(false);
    if (!isOffline) return undefined;
    const timer = setTimeout(() => {
      setLong(true);
    }, OUTAGE_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [isOffline]);
  if (view.isLoggedOut) return <Notice tone="bad">Your login has ended. Load the page again to log in.</Notice>;
  if (isOffline && isLong)
    return (
      <Notice tone="warn">The server does not answer. You see the last state; it connects again by itself.</Notice>
    );
  return null;
}

function Live({ view: { status } }: { view: LiveView }): JSX.Element {
  const text = { live: 'live', connecting: 'connecting', offline: 'offline' }[status];
  return (
    <span class={`live live-${status}`} role="status">
      {text}
    </span>
  );
}

function Operator(): JSX.Element {
  const { isReadOnly, user } = CONFIG;
  return (
    <span class="operator row">
      {isReadOnly && <Pill tone="info">read-only</Pill>}
      {user !== undefined && <span class="muted clip">{user}</span>}
    </span>
  );
}
