import type { JSX } from 'preact';
import type { BoardDelivery, BoardPosition } from '../../board/board-answers.js';
import { Notice } from '../shared/elements.js';
import { formatTime } from '../shared/format.js';
import type { MapPoint } from '../shared/map-model.js';
import { RouteMap } from '../shared/route-map.js';
import { CONFIG } from './config.js';
import { stopName } from './corrections.js';

/** The stops of a delivery, on a map and as a list. */
export function StopsView({
  value,
  position,
}: {
  value: BoardDelivery;
  position: BoardPosition['position'];
}): JSX.Element {
  const { stops, delivery } = value;
  if (!stops)
    return <Notice tone="info">Names, phone numbers, addresses and remarks of this delivery have been erased.</Notice>;
  const points = stops.flatMap(({ coordinates, address }, index): MapPoint[] =>
    coordinates
      ? [
          {
            id: `stop-${index}`,
            ...coordinates,
            kind: index === 0 ? 'pick-up' : 'drop-off',
            symbol: index === 0 ? 'P' : String(index),
            title: `${stopName(index)}: ${address.slice(0, 200)}`,
          },
        ]
      : [],
  );
  const route = { id: 'route', points: points.map(({ lat, lng }) => ({ lat, lng })), isSelected: true };
  const courier: MapPoint[] = position
    ? [
        {
          id: 'courier',
          lat: position.lat,
          lng: position.lng,
          kind: 'courier',
          symbol: '●',
          title: `Driver, ${formatTime(position.at)}`,
        },
      ]
    : [];
  return (
    <div class="stack">
      {points.length > 0 && (
        <RouteMap
          label="Map of the stops"
          points={[...points, ...courier]}
          lines={[route]}
          tiles={CONFIG.tiles}
          isInPage
          fitKey={`${delivery.reference} ${points.length} ${courier.length}`}
        />
      )}
      {position && (
        <p class="muted">
          The driver was {points.length > 0 ? 'there' : `at ${position.lat}, ${position.lng}`} at{' '}
          {formatTime(position.at)}.
        </p>
      )}
      <ol class="stops">
        {stops.map(({ address, name, phone, remarks }, index) => (
          <li key={index}>
            <span class={index === 0 ? 'stop-mark stop-mark-first' : 'stop-mark'} aria-hidden="true">
              {index === 0 ? 'P' : index}
            </span>
            <div class="stack-small grow">
              <span class="muted">{stopName(index)}</span>
              <strong class="foreign">{address}</strong>
              <span class="foreign">
                <bdi>{name}</bdi> · <bdi>{phone}</bdi>
              </span>
              {remarks !== undefined && remarks !== '' && <span class="muted foreign">“{remarks}”</span>}
            </div>
          </li>
        ))}
      </ol>
    </div>
  );
}
