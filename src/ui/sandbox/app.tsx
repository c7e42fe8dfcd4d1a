import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Button, Notice, SearchField } from '../shared/elements.js';
import { Toasts } from '../shared/toasts.js';
import { ClockBar } from './clock-bar.js';
import { FaultsView } from './faults-view.js';
import { LogView } from './log-view.js';
import { OrdersView } from './orders-view.js';
import { RequestsView } from './requests-view.js';
import { hrefOf, useRoute, VIEWS, type ViewName } from './route.js';
import { SandboxOverview } from './sandbox-view.js';
import { useSandbox, type SandboxView } from './store.js';
import { useSearch } from './use-search.js';
import { WebhooksView } from './webhooks-view.js';

const TITLES: Readonly<Record<ViewName, string>> = {
  orders: 'Orders',
  requests: 'Requests',
  webhooks: 'Webhooks',
  faults: 'Faults',
  log: 'Log',
  sandbox: 'Sandbox',
};

/** The sandbox's page. */
export function App(): JSX.Element {
  const view = useSandbox();
  const { view: name, id } = useRoute();
  const [text, setText] = useState('');
  const found = useSearch(text, view.parts?.revision);
  const counts: Partial<Record<ViewName, number>> = {
    orders: found?.orders.length ?? view.orders.length,
    requests: found?.requests.length ?? view.parts?.info.counts.requests ?? 0,
    webhooks: found?.webhooks.length ?? view.parts?.info.counts.webhooks ?? 0,
    faults: view.parts?.faults.length ?? 0,
  };
  return (
    <>
      <header class="top">
        <div class="top-line">
          <h1>
            <span class="brand" aria-hidden="true" />
            Lalamove sandbox
          </h1>
          <Live view={view} />
          <div class="top-search">
            <SearchField value={text} placeholder="Search orders, requests, webhooks ( / )" onChange={setText} />
          </div>
          <ClockBar view={view} />
        </div>
        <nav class="views" aria-label="Views">
          {VIEWS.map((each) => (
            <a key={each} href={hrefOf(each)} aria-current={each === name ? 'page' : undefined}>
              {TITLES[each]}
              {counts[each] !== undefined && <span class="count">{counts[each].toLocaleString()}</span>}
            </a>
          ))}
        </nav>
      </header>
      <main>
        {view.status === 'offline' && (
          <Notice tone="warn">
            The sandbox does not answer. This page shows the last state, and connects again by itself.
          </Notice>
        )}
        {text.trim() !== '' && (
          <div class="found row">
            <span class="grow clip">Shows what contains “{text.trim()}”.</span>
            <Button
              kind="quiet"
              onPress={() => {
                setText('');
              }}
            >
              Show everything
            </Button>
          </div>
        )}
        {view.parts === undefined ? (
          <p class="quiet pad">Reading the sandbox…</p>
        ) : (
          <>
            {name === 'orders' && <OrdersView view={view} id={id} found={found?.orders} />}
            {name === 'requests' && <RequestsView view={view} id={id} found={found?.requests} />}
            {name === 'webhooks' && <WebhooksView view={view} id={id} found={found?.webhooks} />}
            {name === 'faults' && <FaultsView view={view} />}
            {name === 'log' && <LogView view={view} />}
            {name === 'sandbox' && <SandboxOverview view={view} />}
          </>
        )}
      </main>
      <Toasts />
    </>
  );
}

function Live({ view: { status } }: { view: SandboxView }): JSX.Element {
  const text = { live: 'live', connecting: 'connecting', offline: 'offline' }[status];
  return (
    <span class={`live live-${status}`} role="status">
      {text}
    </span>
  );
}
