import type { JSX } from 'preact';
import type { SandboxWebhook } from '../../sandbox/control/control-views.js';
import { Button, Notice, Pill, Time } from '../shared/elements.js';
import { words } from '../shared/format.js';
import { BodyView } from './body-view.js';
import { BackButton } from './order-detail.js';
import { readWebhooks } from './read-sandbox.js';
import { hrefOf } from './route.js';
import { toneOfAnswer, toneOfEvent } from './statuses.js';
import { command, type SandboxView } from './store.js';
import { useLoaded } from './use-loaded.js';

/** An event with its attempts. Its id is that of the event and its type. */
export function WebhookDetail({ id, view }: { id: string; view: SandboxView }): JSX.Element {
  const [eventId = '', eventType = ''] = id.split(' ');
  const key = `${view.parts?.instance ?? ''} ${id}`;
  const { value, problem } = useLoaded(key, view.parts?.revision, () => readWebhooks(eventId));
  if (problem !== undefined) return <Notice tone="bad">{problem}</Notice>;
  if (!value) return <p class="quiet pad">Reading the event…</p>;
  const event = value.find((each) => each.eventType === eventType) ?? value[0];
  if (!event) return <Notice tone="bad">The sandbox does not keep this event any more.</Notice>;
  const resend = (): Promise<boolean> =>
    command(`webhooks/${encodeURIComponent(eventId)}/resend`, { method: 'POST' }, 'The event is sent again.');
  return (
    <article class="detail" aria-label={`Event ${eventId}`}>
      <header class="detail-head">
        <BackButton />
        <h2>{words(event.eventType)}</h2>
        <Pill tone={toneOfEvent(event.state)}>{event.state}</Pill>
        <Button kind="primary" onPress={resend}>
          Resend
        </Button>
      </header>
      <dl class="facts">
        <dt>Event</dt>
        <dd class="mono">{event.eventId}</dd>
        <dt>Happened</dt>
        <dd>
          <Time at={event.occurredAt} isLong />
        </dd>
        <dt>Account</dt>
        <dd>
          <span class="mono">{event.apiKey}</span> in {event.market}
        </dd>
        {event.orderId !== undefined && (
          <>
            <dt>Order</dt>
            <dd>
              <a href={hrefOf('orders', event.orderId)}>{event.orderId}</a>
            </dd>
          </>
        )}
      </dl>
      <Attempts event={event} />
      <BodyView key={id} label="data: exactly this text is signed" text={event.data} />
    </article>
  );
}

function Attempts({ event: { attempts, state } }: { event: SandboxWebhook }): JSX.Element {
  if (attempts.length === 0) {
    const why = { lost: 'A fault has lost it: it is never sent.', pending: 'It waits to be sent.' };
    return <p class="muted">{state === 'lost' || state === 'pending' ? why[state] : 'It was not sent.'}</p>;
  }
  return (
    <ol class="attempts">
      {attempts.map(({ at, status, error, answer, explanation }, index) => (
        <li key={`${index} ${at}`}>
          <span class="row row-wrap">
            <strong>Attempt {index + 1}</strong>
            <Pill tone={status === undefined ? 'bad' : toneOfAnswer(status)}>{status ?? 'no answer'}</Pill>
            <span class="quiet">
              <Time at={at} />
            </span>
          </span>
          {error !== undefined && <code class="foreign">{error}</code>}
          {explanation !== undefined && (
            <Notice tone="bad">
              {status !== undefined && <strong>The webhook URL answered {status}. </strong>}
              {explanation}
            </Notice>
          )}
          {answer !== undefined && answer !== '' && <code class="foreign answer">{answer}</code>}
        </li>
      ))}
    </ol>
  );
}
