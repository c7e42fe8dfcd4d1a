import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { BoardDelivery } from '../../board/board-answers.js';
import { Button, CopyButton, Notice, Pill, Tabs, Time } from '../shared/elements.js';
import { formatDuration, words } from '../shared/format.js';
import { useNow } from '../shared/use-now.js';
import { AttemptsTable } from './attempts-table.js';
import { AttentionCard } from './attention-card.js';
import { CancelDialog } from './cancel-dialog.js';
import { CONFIG } from './config.js';
import type { DeliveryKey } from './read-board.js';
import { currencyOf, money } from './money.js';
import { attentionOf } from './reasons.js';
import { hrefOf } from './route.js';
import { isEnded, TITLES, toneOf, type Filter } from './states.js';
import { StopsView } from './stops-view.js';
import { Timeline } from './timeline.js';
import { useDelivery, usePosition } from './use-delivery.js';

const PARTS = ['timeline', 'stops', 'attempts'] as const;
type Part = (typeof PARTS)[number];

/** A delivery: what it needs, where it is, what has happened. */
export function DeliveryDetail({ id, filter }: { id: DeliveryKey; filter: Filter }): JSX.Element {
  const { value, problem } = useDelivery(id);
  const position = usePosition(id, value);
  const [part, setPart] = useState<Part>('timeline');
  const back = (
    <a class="back button button-quiet" href={hrefOf(filter)} aria-label="Back to the list">
      ←
    </a>
  );
  if (!value)
    return (
      <div class="detail">
        <header class="detail-head">
          {back}
          <h2 class="foreign">{id.reference}</h2>
        </header>
        {problem === undefined ? <p class="quiet">Reading the delivery…</p> : <Notice tone="bad">{problem}</Notice>}
      </div>
    );
  const titles: Readonly<Record<Part, ComponentChildren>> = {
    timeline: <Counted title="Timeline" count={value.timeline.length} />,
    stops: <Counted title="Stops" count={value.stops?.length ?? 0} />,
    attempts: <Counted title="Attempts" count={value.attempts.length} />,
  };
  return (
    <article class="detail">
      {problem !== undefined && <Notice tone="warn">{problem} You see the last state.</Notice>}
      <Head value={value} back={back} />
      <AttentionCard value={value} />
      <Facts value={value} filter={filter} />
      <Tabs
        label="Parts of the delivery"
        tabs={PARTS.map((name) => ({ name, title: titles[name] }))}
        selected={part}
        onSelect={setPart}
      />
      {part === 'timeline' && <Timeline value={value} />}
      {part === 'stops' && <StopsView value={value} position={position} />}
      {part === 'attempts' && <AttemptsTable value={value} />}
    </article>
  );
}

function Counted({ title, count }: { title: string; count: number }): JSX.Element {
  return (
    <span class="row">
      {title}
      <span class="count">{count.toLocaleString()}</span>
    </span>
  );
}

function Head({ value, back }: { value: BoardDelivery; back: JSX.Element }): JSX.Element {
  const [isCanceling, setCanceling] = useState(false);
  const { delivery } = value;
  const needed = attentionOf(value);
  // Without an order that may turn up, to cancel is to end it, which the card offers.
  const isEndable = delivery.orderId === undefined && needed?.needsLook === false && needed.ways.includes('end');
  const isCancelable = !isEnded(delivery.state) && delivery.cancellation !== 'asked' && !isEndable;
  const mayCancel = !CONFIG.isReadOnly && isCancelable;
  return (
    <header class="detail-head">
      {back}
      <h2 class="foreign">{delivery.reference}</h2>
      <CopyButton text={delivery.reference} label="Copy" />
      <Pill tone={toneOf(delivery.state)}>{TITLES[delivery.state]}</Pill>
      {delivery.cancellation === 'asked' && !isEnded(delivery.state) && <Pill tone="warn">cancellation asked for</Pill>}
      {delivery.cancellation === 'refused' && <Pill tone="warn">cancellation refused</Pill>}
      <span class="grow" />
      {mayCancel && (
        <Button
          kind="danger"
          onPress={() => {
            setCanceling(true);
          }}
        >
          Cancel delivery…
        </Button>
      )}
      {isCanceling && (
        <CancelDialog
          value={value}
          onClose={() => {
            setCanceling(false);
          }}
        />
      )}
    </header>
  );
}

function Facts({ value, filter }: { value: BoardDelivery; filter: Filter }): JSX.Element {
  const { delivery, serviceType, scheduleAt, maxPrice, priorityFee } = value;
  const { price, orderId, orderStatus, driverId, account, shareLink } = delivery;
  const currency = currencyOf(value);
  const amount = (text: string): string => (currency === '' ? text : money(text, currency));
  const isSafeLink = shareLink !== undefined && /^https?:\/\//.test(shareLink);
  const facts: [name: string, content: ComponentChildren][] = [
    [
      'Price',
      price ? <strong>{money(price.total, price.currency)}</strong> : isEnded(delivery.state) ? 'none' : 'none yet',
    ],
    ...entry('Limit', maxPrice !== undefined && amount(maxPrice)),
    ...entry('Priority fee', priorityFee !== undefined && Number(priorityFee) > 0 && amount(priorityFee)),
    [
      'Order',
      orderId === undefined ? (
        'none'
      ) : (
        <>
          <span class="mono">{orderId}</span>{' '}
          {orderStatus !== undefined && <span class="muted">{words(orderStatus)}</span>}
          {isSafeLink && (
            <>
              {' '}
              <a href={shareLink} target="_blank" rel="noopener noreferrer">
                Lalamove’s page
              </a>
            </>
          )}
        </>
      ),
    ],
    ...entry('Driver', driverId !== undefined && <span class="mono">{driverId}</span>),
    ...entry('Service', serviceType !== undefined && words(serviceType)),
    ['Pick-up', scheduleAt === undefined ? 'at once' : <Time at={scheduleAt} isLong />],
    ...entry(
      'Account',
      account !== undefined && (
        <>
          <span class="foreign">{account}</span> <a href={hrefOf(filter, delivery, { account })}>Only this account</a>
        </>
      ),
    ),
    ['Booked', <Age key="age" at={delivery.createdAt} />],
    ...entry('Next look', delivery.dueAt !== undefined && <Time at={delivery.dueAt} isLong />),
  ];
  return (
    <>
      <dl class="fact-grid">
        {facts.map(([name, content]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{content}</dd>
          </div>
        ))}
      </dl>
      <Duplicates value={value} />
    </>
  );
}

function entry(name: string, content: ComponentChildren): [string, ComponentChildren][] {
  return content === false ? [] : [[name, content]];
}

function Age({ at }: { at: string }): JSX.Element {
  const now = useNow(10_000);
  return (
    <>
      <Time at={at} isLong /> <span class="muted">({formatDuration(now - Date.parse(at))} ago)</span>
    </>
  );
}

function Duplicates({ value: { delivery } }: { value: BoardDelivery }): JSX.Element | null {
  if (delivery.duplicateOrders.length === 0) return null;
  return (
    <Notice tone="warn">
      Other orders of this delivery may be active:{' '}
      {delivery.duplicateOrders.map(({ orderId, orderStatus }) => `${orderId} (${words(orderStatus)})`).join(', ')}.
      They are canceled if Lalamove allows it.
    </Notice>
  );
}
