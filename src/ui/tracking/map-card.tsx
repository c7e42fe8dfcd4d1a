import type { JSX } from 'preact';
import type { TrackingView } from '../../tracking/tracking-view.js';
import { metresBetween } from '../shared/format.js';
import type { MapPoint } from '../shared/map-model.js';
import { RouteMap } from '../shared/route-map.js';
import { usePage } from './page-context.js';

/** The map with the recipient's own stop and, if it may be shown, the driver. */
export function MapCard({ view }: { view: TrackingView }): JSX.Element | null {
  const { say, format, settings } = usePage();
  const { position, recipient } = view;
  const place = recipient?.place;
  if (!place || !(view.phase === 'on_the_way' || view.phase === 'to_pick_up')) return null;
  const metres = position && metresBetween(place, position);
  const own: MapPoint = { id: 'own', ...place, kind: 'drop-off', symbol: '⌂', title: say('map_you') };
  const points: MapPoint[] = position
    ? [
        own,
        { id: 'driver', lat: position.lat, lng: position.lng, kind: 'courier', symbol: '➤', title: say('map_driver') },
      ]
    : [own];
  return (
    <section class="card map-card" aria-label={say('map')}>
      {/* A map is not mirrored. */}
      <div dir="ltr">
        <RouteMap
          label={say('map')}
          points={points}
          lines={position ? [{ id: 'way', points: [position, place] }] : []}
          tiles={settings.tiles}
          // The view comes closer with the driver, in steps.
          fitKey={metres === undefined ? 'own' : `driver ${Math.round(Math.log2(metres + 50) * 2)}`}
          isInPage
          zoomLabels={{ zoomIn: say('map_zoom_in'), zoomOut: say('map_zoom_out') }}
        />
      </div>
      <p class="map-note">
        {position && metres !== undefined ? (
          <>
            <span>{say('position_at', { time: format.time(position.at) })}</span>
            <span>{say('position_distance', { distance: format.distance(metres) })}</span>
          </>
        ) : (
          <span>
            {view.stopsBefore === undefined || view.stopsBefore === 0 ? say('position_soon') : say('position_later')}
          </span>
        )}
      </p>
    </section>
  );
}
