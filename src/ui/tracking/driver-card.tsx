import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { TrackingView } from '../../tracking/tracking-view.js';
import { Icon } from './icons.js';
import { usePage } from './page-context.js';

/** Who brings it. */
export function DriverCard({ driver }: { driver: NonNullable<TrackingView['driver']> }): JSX.Element {
  const { say, settings } = usePage();
  const { photo } = driver;
  const [broken, setBroken] = useState<string>();
  return (
    <section class="card driver" aria-labelledby="driver-title">
      <span class="avatar">
        {photo !== undefined && photo !== broken ? (
          <img
            // Another driver has another address: a browser would go on to show the picture that it has.
            src={`${settings.here}photo?${photo}`}
            alt={say('driver_photo')}
            onError={() => {
              setBroken(photo);
            }}
          />
        ) : (
          <Icon name="person" />
        )}
      </span>
      <div class="driver-facts">
        <h2 id="driver-title">{say('driver')}</h2>
        {driver.name !== '' && <p class="driver-name foreign">{driver.name}</p>}
        {driver.plate !== '' && (
          <p class="plate-row">
            <span class="visually-hidden">{say('driver_plate')}: </span>
            <bdi class="plate foreign">{driver.plate}</bdi>
          </p>
        )}
      </div>
      {driver.phone !== undefined && (
        <a class="call" href={`tel:${driver.phone.replace(/[^\d+]/g, '')}`}>
          <Icon name="phone" />
          <span>{say('driver_call')}</span>
        </a>
      )}
    </section>
  );
}
