import type { JSX } from 'preact';
import type { TimelineEntry } from '../../sandbox/control/page-rows.js';
import { EmptyState, Pill, Time } from '../shared/elements.js';
import { words } from '../shared/format.js';
import { hrefOf } from './route.js';
import { toneOfAnswer, toneOfEvent, toneOfOrder } from './statuses.js';

/** What happened to an order. */
export function OrderTimeline({ entries }: { entries: readonly TimelineEntry[] }): JSX.Element {
  if (entries.length === 0)
    return (
      <EmptyState title="Nothing is known any more">
        <p>The sandbox keeps the latest log lines, requests and events. Those of this order are gone.</p>
      </EmptyState>
    );
  return (
    <ol class="timeline">
      {entries.map((entry, index) => (
        <li key={`${index} ${entry.at}`} class={`timeline-${entry.kind}`}>
          <span class="quiet nowrap">
            <Time at={entry.at} />
          </span>
          <span class="grow foreign">{describe(entry)}</span>
        </li>
      ))}
    </ol>
  );
}

function describe(entry: TimelineEntry): JSX.Element {
  switch (entry.kind) {
    case 'event':
      return (
        <>
          {words(entry.type)} {entry.status !== undefined && <Status status={entry.status} />}
        </>
      );
    case 'step':
      return (
        <>
          {`Step: ${entry.step}`}
          {entry.stop !== undefined && ` (stop ${entry.stop})`}
        </>
      );
    case 'script-ended':
      return <>{`The script ended before “${entry.step}”: ${entry.why}`}</>;
    case 'request': {
      const { number, method, path, operation, status } = entry.row;
      return (
        <>
          <a href={hrefOf('requests', String(number))}>{operation ?? `${method} ${path}`}</a>{' '}
          <Pill tone={toneOfAnswer(status)}>{status ?? 'no answer'}</Pill>
        </>
      );
    }
    case 'webhook': {
      const { key, eventType, state, last, attempts } = entry.row;
      return (
        <>
          Webhook <a href={hrefOf('webhooks', key)}>{words(eventType)}</a>{' '}
          <Pill tone={toneOfEvent(state)}>{state}</Pill>
          {state !== 'delivered' && attempts > 0 && <span class="muted">{` ${last ?? ''}`}</span>}
        </>
      );
    }
  }
}

function Status({ status }: { status: string }): JSX.Element {
  return <Pill tone={toneOfOrder(status)}>{words(status)}</Pill>;
}
