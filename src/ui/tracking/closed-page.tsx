import type { JSX } from 'preact';
import { Button } from '../shared/elements.js';
import { HelpCard } from './help-card.js';
import { Icon } from './icons.js';
import { usePage } from './page-context.js';

/** What stands in place of a delivery that cannot be shown. It is the same for every reason. */
export function ClosedPage({ kind }: { kind: 'gone' | 'away' }): JSX.Element {
  const { say, settings } = usePage();
  return (
    <>
      <section class="card closed">
        <span class="closed-sign">
          <Icon name={kind === 'gone' ? 'link' : 'clock'} />
        </span>
        <h1>{say(`${kind}_headline`)}</h1>
        <p class="muted">{say(`${kind}_detail`, { brand: settings.brand.name })}</p>
        {kind === 'away' && (
          <Button
            kind="primary"
            onPress={() => {
              location.reload();
            }}
          >
            {say('try_again')}
          </Button>
        )}
      </section>
      <HelpCard />
    </>
  );
}
