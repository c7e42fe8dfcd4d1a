import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { BoardDelivery } from '../../board/board-answers.js';
import type { InspectedEntry } from '../../deliveries/inspection.js';
import { CodeBlock, Time } from '../shared/elements.js';
import { formatDuration } from '../shared/format.js';
import { saidBy } from './timeline-texts.js';

/** A gap of this length or more between two entries is shown. */
const GAP_MS = 1_000;

/** What has happened: what the package did, and beside it what Lalamove has sent. */
export function Timeline({ value }: { value: BoardDelivery }): JSX.Element {
  const [isNewestFirst, setNewestFirst] = useState(true);
  const entries = isNewestFirst ? value.timeline.toReversed() : value.timeline;
  return (
    <div class="stack">
      <div class="timeline-head">
        <label class="check">
          <input
            type="checkbox"
            checked={isNewestFirst}
            onChange={({ currentTarget }) => {
              setNewestFirst(currentTarget.checked);
            }}
          />
          <span>Newest first</span>
        </label>
        <span class="lane-title lane-own">Delivery</span>
        <span class="lane-title lane-webhook">Webhooks of Lalamove</span>
      </div>
      <ol class="timeline">
        {entries.map((entry, index) => {
          const earlier = entries[isNewestFirst ? index + 1 : index - 1];
          return <Entry key={entry.id} entry={entry} earlier={earlier} />;
        })}
      </ol>
    </div>
  );
}

interface EntryProps {
  readonly entry: InspectedEntry;
  /** The entry before it in time. */
  readonly earlier: InspectedEntry | undefined;
}

function Entry({ entry, earlier }: EntryProps): JSX.Element {
  const { title, text, tone } = saidBy(entry);
  const gap = earlier ? Date.parse(entry.at) - Date.parse(earlier.at) : 0;
  const isWebhook = entry.source === 'webhook';
  return (
    <li class={`entry ${isWebhook ? 'entry-webhook' : 'entry-own'} entry-${tone}`}>
      <span class="entry-time">
        <Time at={entry.at} />
        {gap >= GAP_MS && <span class="quiet">+{formatDuration(gap)}</span>}
      </span>
      <div class="entry-body">
        {isWebhook && <span class="visually-hidden">Webhook: </span>}
        <strong class="foreign">{title}</strong>
        {text !== undefined && text !== '' && <p class="muted foreign">{text}</p>}
        {isWebhook && <Payload entry={entry} />}
      </div>
    </li>
  );
}

function Payload({ entry }: { entry: InspectedEntry }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  if (entry.payload === undefined) return <p class="quiet">Its payload is erased.</p>;
  return (
    <details
      onToggle={({ currentTarget }) => {
        setOpen(currentTarget.open);
      }}
    >
      <summary class="muted">Payload</summary>
      {isOpen && <CodeBlock label="data of the webhook" text={pretty(entry.payload)} />}
    </details>
  );
}

function pretty(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}
