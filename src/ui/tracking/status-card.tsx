import type { JSX } from 'preact';
import type { TrackingPhase, TrackingView } from '../../tracking/tracking-view.js';
import { Icon, type IconName } from './icons.js';
import { usePage, type PageParts } from './page-context.js';

/** The mood of a phase, which gives the card its colour. */
export const MOODS: Readonly<Record<TrackingPhase, 'plain' | 'good' | 'warn' | 'bad'>> = {
  booked: 'plain',
  finding_driver: 'plain',
  to_pick_up: 'plain',
  on_the_way: 'plain',
  delivered: 'good',
  not_delivered: 'bad',
  canceled: 'bad',
  failed: 'bad',
  delayed: 'warn',
};

const STEPS = [
  { name: 'step_booked', icon: 'receipt' },
  { name: 'step_driver', icon: 'person' },
  { name: 'step_collected', icon: 'box' },
  { name: 'step_delivered', icon: 'home' },
] as const satisfies readonly { name: string; icon: IconName }[];

/** The sentence that says most, and how far the delivery has come. */
export function StatusCard({ view }: { view: TrackingView }): JSX.Element {
  const parts = usePage();
  const { say } = parts;
  const mood = MOODS[view.phase];
  const headline = say(`headline_${view.phase}`);
  const detail = detailOf(view, parts);
  return (
    <section class={`card status mood-${mood}`}>
      <h1>{headline}</h1>
      <p class="status-detail">{detail}</p>
      <ol class="steps" aria-label={say('progress')}>
        {STEPS.map(({ name, icon }, index) => {
          const isEnd = index === view.step;
          const isDone = index < view.step || (isEnd && mood === 'good');
          const sign: IconName = isDone ? 'check' : isEnd && mood === 'bad' ? 'cross' : icon;
          return (
            <li
              key={name}
              class={isDone ? 'step step-done' : isEnd ? 'step step-now' : 'step'}
              aria-current={isEnd ? 'step' : undefined}
            >
              <span class="step-sign">
                <Icon name={sign} />
              </span>
              <span class="step-name">
                {isEnd && view.phase === 'not_delivered' ? say('entry_not_delivered') : say(name)}
              </span>
              {(isDone || isEnd) && (
                <span class="visually-hidden">, {isDone ? say('step_done') : say('step_now')}</span>
              )}
            </li>
          );
        })}
      </ol>
      {/* Read out when it changes. The headline itself may not be focused. */}
      <p class="visually-hidden" role="status" aria-live="polite">
        {headline}. {detail}
      </p>
    </section>
  );
}

function detailOf({ phase, stopsBefore, scheduledAt }: TrackingView, { say, format, settings }: PageParts): string {
  const brand = settings.brand.name;
  if (scheduledAt !== undefined) return say('detail_scheduled', { time: format.dateTime(scheduledAt) });
  if (phase === 'on_the_way' && stopsBefore !== undefined) {
    return stopsBefore === 0
      ? say('detail_next_stop')
      : say('detail_stops_before', { count: format.number(stopsBefore) });
  }
  return say(`detail_${phase}`, { brand });
}
