import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { SandboxOrder } from '../../sandbox/control/control-views.js';
import { Button, CopyButton, Notice, Pill, Tabs, Time } from '../shared/elements.js';
import { formatDistance, formatDuration, formatMoney, words } from '../shared/format.js';
import { BodyView } from './body-view.js';
import { OrderActions } from './order-actions.js';
import { OrderMap } from './order-map.js';
import { OrderTimeline } from './order-timeline.js';
import { readOrder, readTimeline } from './read-sandbox.js';
import { goTo, hrefOf } from './route.js';
import { isLive, toneOfOrder } from './statuses.js';
import { command, sandboxNow, type SandboxView } from './store.js';
import { useLoaded } from './use-loaded.js';

const PARTS = ['stops', 'timeline', 'price', 'raw'] as const;
const TITLES = { stops: 'Stops', timeline: 'Timeline', price: 'Price', raw: 'JSON' } as const;

/** An order with all that the sandbox knows of it. */
export function OrderDetail({ id, view }: { id: string; view: SandboxView }): JSX.Element {
  const { value, problem } = useLoaded(`${view.parts?.instance ?? ''} ${id}`, view.parts?.revision, () =>
    Promise.all([readOrder(id), readTimeline(id)]),
  );
  const [part, setPart] = useState<(typeof PARTS)[number]>('stops');
  if (problem !== undefined) return <Notice tone="bad">{problem}</Notice>;
  if (!value) return <p class="quiet pad">Reading the order…</p>;
  const [order, timeline] = value;
  const { order: api } = order;
  const [reference] = Object.values(api.metadata ?? {});
  const age = formatDuration(sandboxNow(view) - Date.parse(order.placedAt));
  return (
    <article class="detail" aria-label={`Order ${id}`}>
      <header class="detail-head">
        <BackButton />
        <h2 class="mono">{api.orderId}</h2>
        <CopyButton text={api.orderId} label="Copy id" />
        <Pill tone={toneOfOrder(api.status)}>{words(api.status)}</Pill>
        {reference !== undefined && <span class="clip muted">{reference}</span>}
      </header>
      <p class="muted">
        {order.serviceType} in {order.market}, placed <Time at={order.placedAt} /> ({age} ago), pick-up{' '}
        <Time at={order.scheduleAt} isLong />
        {order.replacedBy !== undefined && <Link title="replaced by" id={order.replacedBy} />}
        {order.replaces !== undefined && <Link title="replaces" id={order.replaces} />}
      </p>
      <OrderActions key={id} order={order} />
      <OrderMap order={order} row={view.orders.find((row) => row.id === id)} view={view} />
      {order.driver && <DriverFacts order={order} />}
      <Tabs
        label="Parts of the order"
        tabs={PARTS.map((name) => ({ name, title: TITLES[name] }))}
        selected={part}
        onSelect={setPart}
      />
      {part === 'stops' && <Stops order={order} />}
      {part === 'timeline' && <OrderTimeline entries={timeline} />}
      {part === 'price' && <Price order={order} />}
      {part === 'raw' && <BodyView label="As GET /v3/orders/:id returns it" text={JSON.stringify(api)} />}
    </article>
  );
}

function Link({ title, id }: { title: string; id: string }): JSX.Element {
  return (
    <>
      , {title} <a href={hrefOf('orders', id)}>{id}</a>
    </>
  );
}

/** Goes back to the list, where both do not fit beside each other. */
export function BackButton(): JSX.Element {
  return (
    <span class="back">
      <Button
        kind="quiet"
        label="Back to the list"
        onPress={() => {
          const [, name] = location.hash.split('/');
          goTo(name === 'requests' || name === 'webhooks' ? name : 'orders');
        }}
      >
        ←
      </Button>
    </span>
  );
}

function DriverFacts({ order: { driver, rejections } }: { order: SandboxOrder }): JSX.Element {
  return (
    <dl class="facts">
      <dt>Driver</dt>
      <dd>
        {driver?.name}, {driver?.phone}, {driver?.plateNumber}
      </dd>
      <dt>Position</dt>
      <dd class="mono">{driver?.coordinates ? `${driver.coordinates.lat}, ${driver.coordinates.lng}` : 'unknown'}</dd>
      {rejections > 0 && (
        <>
          <dt>Given back</dt>
          <dd>{rejections} times</dd>
        </>
      )}
    </dl>
  );
}

function Stops({ order }: { order: SandboxOrder }): JSX.Element {
  const { orderId, stops, status } = order.order;
  const isOnBoard = status === 'PICKED_UP' || status === 'DELIVERING';
  const finish = (step: object): Promise<boolean> =>
    command(`orders/${encodeURIComponent(orderId)}/steps`, { method: 'POST', body: step });
  return (
    <ol class="stops">
      {stops.map((stop, index) => {
        const contact = order.contacts[index];
        const isOpen = isLive(status) && isOnBoard && index > 0 && (stop.POD?.status ?? 'PENDING') === 'PENDING';
        return (
          <li key={index}>
            <span class={`stop-mark ${index === 0 ? 'stop-mark-first' : ''}`} aria-hidden="true">
              {index === 0 ? 'P' : index}
            </span>
            <div class="grow stack-small">
              <strong class="foreign">{stop.address}</strong>
              <span class="muted foreign">
                {contact?.name ?? stop.name} · {contact?.phone ?? stop.phone}
              </span>
              {contact?.remarks !== undefined && contact.remarks !== '' && (
                <span class="muted foreign">“{contact.remarks}”</span>
              )}
              <span class="row row-wrap">
                {stop.POD && (
                  <Pill tone={stop.POD.status === 'FAILED' ? 'bad' : 'neutral'}>{words(stop.POD.status)}</Pill>
                )}
                {stop.delivery_code && stop.delivery_code.value !== '' && (
                  <Pill>{`code ${stop.delivery_code.value}, ${stop.delivery_code.status}`}</Pill>
                )}
                {isOpen && stops.length > 2 && (
                  <>
                    <Button label={`Deliver drop-off ${index}`} onPress={() => finish({ do: 'deliver', stop: index })}>
                      Deliver
                    </Button>
                    <Button label={`Fail drop-off ${index}`} onPress={() => finish({ do: 'fail', stop: index })}>
                      Fail
                    </Button>
                  </>
                )}
              </span>
              {proofsOf(stop).map((path) => (
                <img key={path} class="proof" src={path} alt={`Proof at stop ${index}`} loading="lazy" />
              ))}
            </div>
          </li>
        );
      })}
    </ol>
  );
}

/** The pictures that this sandbox serves itself. The page loads no other ones. */
function proofsOf(stop: SandboxOrder['order']['stops'][number]): string[] {
  return [...(stop.POP?.imageUrls ?? []), ...(stop.POD?.image === undefined ? [] : [stop.POD.image])].flatMap((url) => {
    const [, path] = /^https?:\/\/[^/]+(\/proofs\/[\d-]+\.png)$/.exec(url) ?? [];
    return path === undefined ? [] : [path];
  });
}

function Price({ order }: { order: SandboxOrder }): JSX.Element {
  const { priceBreakdown, distance, quotationId, metadata, shareLink } = order.order;
  const { currency, ...amounts } = priceBreakdown;
  const money = (amount: string): string => formatMoney(amount, currency, order.market);
  return (
    <dl class="facts">
      {Object.entries(amounts).map(
        ([name, amount]) =>
          amount !== undefined && (
            <>
              <dt>{name}</dt>
              <dd>{money(amount)}</dd>
            </>
          ),
      )}
      <dt>paid by the wallet</dt>
      <dd>{money(order.spent)}</dd>
      {distance && (
        <>
          <dt>distance</dt>
          <dd>{formatDistance(Number(distance.value))}</dd>
        </>
      )}
      <dt>quotation</dt>
      <dd class="mono">{quotationId}</dd>
      <dt>account</dt>
      <dd class="mono">{order.apiKey}</dd>
      {Object.entries(metadata ?? {}).map(([name, value]) => (
        <>
          <dt>{`metadata: ${name}`}</dt>
          <dd class="foreign">{value}</dd>
        </>
      ))}
      <dt>share link</dt>
      <dd class="mono foreign">{shareLink}</dd>
    </dl>
  );
}
