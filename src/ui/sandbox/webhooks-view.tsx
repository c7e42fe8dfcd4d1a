import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { WebhookRow } from '../../sandbox/control/page-rows.js';
import { Button, EmptyState, Notice, Pill, Time } from '../shared/elements.js';
import { counted, words } from '../shared/format.js';
import { VirtualList } from '../shared/virtual-list.js';
import { hrefOf } from './route.js';
import { SendEventDialog } from './send-event.js';
import { toneOfEvent } from './statuses.js';
import { loadOlderWebhooks, type SandboxView } from './store.js';
import { WebhookDetail } from './webhook-detail.js';

const loadOlder = (): void => void loadOlderWebhooks();

/** The webhook URLs and the events that were sent to them. */
export function WebhooksView({
  view,
  id,
  found,
}: {
  view: SandboxView;
  id: string;
  found: readonly WebhookRow[] | undefined;
}): JSX.Element {
  const [isSending, setSending] = useState(false);
  const shown = found ?? view.webhooks;
  const close = (): void => {
    setSending(false);
  };
  return (
    <div class={id === '' ? 'panes' : 'panes panes-selected'}>
      <section class="pane list-pane" aria-label="Webhooks">
        <Urls view={view} />
        <div class="list-head row">
          <span class="muted grow" role="status">
            {counted(found?.length ?? view.parts?.info.counts.webhooks ?? 0, 'event')}
          </span>
          <Button
            onPress={() => {
              setSending(true);
            }}
          >
            Send an event…
          </Button>
        </div>
        {shown.length === 0 && (
          <EmptyState title={found ? 'No event contains this text' : 'No events yet'}>
            {!found && <p>Events are sent as soon as a URL is registered and an order is placed.</p>}
          </EmptyState>
        )}
        <VirtualList
          label="Events"
          items={shown}
          rowHeight={60}
          keyOf={({ key }) => key}
          row={(row) => <EventItem row={row} isSelected={row.key === id} />}
          {...(!found && { onEnd: loadOlder })}
        />
      </section>
      <section class="pane detail-pane" aria-label="Selected event">
        {id === '' ? (
          <EmptyState title="Select an event">
            <p>You will see each attempt, what was answered, and what is usually wrong then.</p>
          </EmptyState>
        ) : (
          <WebhookDetail id={id} view={view} />
        )}
      </section>
      {isSending && <SendEventDialog view={view} onClose={close} />}
    </div>
  );
}

const URL_OF_APP = 'http://127.0.0.1:3000/webhooks/lalamove';

function Urls({ view }: { view: SandboxView }): JSX.Element {
  const urls = view.parts?.urls ?? [];
  if (urls.length === 0)
    return (
      <div class="pad">
        <Notice tone="info">
          No webhook URL is registered, so no events are sent. Set <code>LALAMOVE_WEBHOOK_URL</code> for your app, or
          call <code>lalamove.setWebhookUrl()</code>, with the URL of its endpoint, such as
          <code class="registration">{URL_OF_APP}</code>
        </Notice>
      </div>
    );
  return (
    <ul class="urls">
      {urls.map(({ apiKey, market, url, isDisabled }) => (
        <li key={`${market} ${apiKey}`}>
          <span class="row">
            <Pill tone={isDisabled ? 'bad' : 'good'}>{market}</Pill>
            <code class="foreign grow">{url}</code>
          </span>
          <span class="quiet">{apiKey}</span>
          {isDisabled && (
            <Notice tone="bad">
              All retries of an event failed, so nothing more is sent to it. Register the URL again: restart the app.
            </Notice>
          )}
        </li>
      ))}
    </ul>
  );
}

function EventItem({ row, isSelected }: { row: WebhookRow; isSelected: boolean }): JSX.Element {
  const { key, eventType, orderId, at, state, attempts, last } = row;
  const tried = attempts === 0 ? 'not sent yet' : `${attempts} × ${last ?? ''}`;
  return (
    <a class="item" href={hrefOf('webhooks', key)} aria-current={isSelected ? 'true' : undefined}>
      <span class="item-line">
        <strong class="clip grow">{words(eventType)}</strong>
        <Pill tone={toneOfEvent(state)}>{state}</Pill>
      </span>
      <span class="item-line muted">
        <span class="clip grow mono">{orderId ?? row.market}</span>
        <span class="clip">{tried}</span>
        <span class="quiet nowrap">
          <Time at={at} />
        </span>
      </span>
    </a>
  );
}
