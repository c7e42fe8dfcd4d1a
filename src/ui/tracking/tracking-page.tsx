import type { JSX } from 'preact';
import { ClosedPage } from './closed-page.js';
import { DriverCard } from './driver-card.js';
import { HelpCard } from './help-card.js';
import { Icon } from './icons.js';
import { MapCard } from './map-card.js';
import { usePage } from './page-context.js';
import { ProofCard } from './proof-card.js';
import { MOODS, StatusCard } from './status-card.js';
import { TimelineCard } from './timeline-card.js';
import { useLiveView, type LiveView } from './use-live-view.js';

/** The whole page. */
export function TrackingPage(): JSX.Element {
  const { settings } = usePage();
  const { brand, files } = settings;
  const live = useLiveView(settings);
  const { view } = live;
  const isOpen = live.kind === 'delivery' && view !== undefined;
  return (
    <div class="page">
      <header class="brand">
        {brand.hasLogo ? (
          <img class="brand-logo" src={`${files}logo`} alt={brand.name} />
        ) : (
          <span class="brand-name foreign">{brand.name}</span>
        )}
        {isOpen && <Connection live={live} />}
      </header>
      <main class={isOpen ? `columns mood-${MOODS[view.phase]}` : 'single'}>
        {isOpen ? (
          <>
            <div class="column">
              <StatusCard view={view} />
              {view.proof && <ProofCard proof={view.proof} />}
              <TimelineCard timeline={view.timeline} />
            </div>
            <div class="column">
              <MapCard view={view} />
              {view.driver && <DriverCard driver={view.driver} />}
              {view.recipient && <AddressCard {...view.recipient} />}
              <HelpCard />
            </div>
          </>
        ) : (
          <ClosedPage kind={live.kind === 'away' ? 'away' : 'gone'} />
        )}
      </main>
    </div>
  );
}

function Connection({ live: { status, knownAt } }: { live: LiveView }): JSX.Element | null {
  const { say, format } = usePage();
  if (status === 'live') {
    return (
      <span class="connection">
        <span class="pulse" />
        {say('live')}
      </span>
    );
  }
  if (status !== 'offline') return null;
  return (
    <p class="connection connection-lost" role="status">
      {say('offline', { time: format.time(knownAt) })}
    </p>
  );
}

function AddressCard({ name, address }: { name: string; address: string }): JSX.Element {
  const { say } = usePage();
  return (
    <section class="card address" aria-labelledby="address-title">
      <span class="avatar">
        <Icon name="home" />
      </span>
      <div class="driver-facts">
        <h2 id="address-title">{say('address')}</h2>
        <p class="address-name foreign">{name}</p>
        <p class="foreign muted">{address}</p>
      </div>
    </section>
  );
}
