import type { JSX } from 'preact';
import type { TrackingView } from '../../tracking/tracking-view.js';
import { usePage } from './page-context.js';

/** What has happened, the latest first. */
export function TimelineCard({ timeline }: Pick<TrackingView, 'timeline'>): JSX.Element {
  const { say, format } = usePage();
  return (
    <section class="card" aria-labelledby="history-title">
      <div class="card-text">
        <h2 id="history-title">{say('history')}</h2>
      </div>
      <ol class="timeline">
        {[...timeline].reverse().map(({ kind, at }, index) => (
          <li key={`${kind} ${at}`} class={index === 0 ? 'entry entry-latest' : 'entry'}>
            <span class="entry-text">{say(`entry_${kind}`)}</span>
            <time class="entry-time" dateTime={at}>
              {format.time(at)}
            </time>
          </li>
        ))}
      </ol>
    </section>
  );
}
