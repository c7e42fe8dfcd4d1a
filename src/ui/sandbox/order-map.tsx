import type { JSX } from 'preact';
import type { SandboxOrder } from '../../sandbox/control/control-views.js';
import type { CourierWay, OrderRow } from '../../sandbox/control/page-rows.js';
import type { MapPoint } from '../shared/map-model.js';
import { RouteMap } from '../shared/route-map.js';
import { CONFIG } from './config.js';
import { useNow } from '../shared/use-now.js';
import { goTo } from './route.js';
import { isLive } from './statuses.js';
import { sandboxNow, type SandboxView } from './store.js';

/** How often couriers move on the map, in ms. */
const MOVE_MS = 500;

/** More couriers than a map can show. */
const MAX_COURIERS = 200;

/** Where a courier is. */
function positionOf({ from, to }: CourierWay, now: number): { lat: number; lng: number } {
  const share = now >= to.at ? 1 : Math.max(0, (now - from.at) / (to.at - from.at));
  return { lat: from.lat + (to.lat - from.lat) * share, lng: from.lng + (to.lng - from.lng) * share };
}

/** The route of an order, with its courier. */
export function OrderMap({
  order,
  row,
  view,
}: {
  order: SandboxOrder;
  row: OrderRow | undefined;
  view: SandboxView;
}): JSX.Element {
  useNow(MOVE_MS);
  const { orderId, stops } = order.order;
  const points: MapPoint[] = stops.map(({ coordinates, address }, index) => ({
    id: `stop-${index}`,
    lat: Number(coordinates.lat),
    lng: Number(coordinates.lng),
    kind: index === 0 ? 'pick-up' : 'drop-off',
    symbol: index === 0 ? 'P' : String(index),
    title: `${index === 0 ? 'Pick-up' : `Drop-off ${index}`}: ${address}`,
  }));
  const lines = [{ id: orderId, points: points.map(({ lat, lng }) => ({ lat, lng })) }];
  if (row?.driver) {
    const place = positionOf(row.driver.way, sandboxNow(view));
    points.push({ id: 'courier', ...place, kind: 'courier', symbol: '●', title: row.driver.name });
  }
  const fitKey = `${orderId} ${points.length}`;
  return <RouteMap label="Map of the order" points={points} lines={lines} fitKey={fitKey} tiles={CONFIG.tiles} />;
}

/** All couriers that are on the way. */
export function CourierMap({ view }: { view: SandboxView }): JSX.Element {
  useNow(MOVE_MS);
  const now = sandboxNow(view);
  const points = view.orders
    .filter(({ status, driver }) => driver && isLive(status))
    .slice(0, MAX_COURIERS)
    .flatMap(({ id, driver, to }): MapPoint[] =>
      driver
        ? [{ id, ...positionOf(driver.way, now), kind: 'courier', symbol: '●', title: `${driver.name}, to ${to}` }]
        : [],
    );
  return (
    <RouteMap
      label={`Map of ${points.length} couriers`}
      points={points}
      tiles={CONFIG.tiles}
      fitKey={points.map(({ id }) => id).join(' ')}
      onSelect={(id) => {
        goTo('orders', id);
      }}
    />
  );
}
