import L from 'leaflet';
import type { MapPoint, RouteMapProps } from './map-model.js';

/** A map in the page. */
export interface DrawnMap {
  update(props: RouteMapProps): void;
  remove(): void;
}

const FIT = { padding: [36, 36] as [number, number], maxZoom: 15 };

/** Draws a map into an element. */
export function drawMap(element: HTMLElement, first: RouteMapProps): DrawnMap {
  const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const map = L.map(element, {
    attributionControl: false,
    zoomControl: false,
    scrollWheelZoom: first.isInPage !== true,
    dragging: first.isInPage !== true || !L.Browser.mobile,
    fadeAnimation: !isStill,
    zoomAnimation: !isStill,
    markerZoomAnimation: !isStill,
    worldCopyJump: true,
  }).setView([0, 0], 2);
  const { zoomIn = 'Zoom in', zoomOut = 'Zoom out' } = first.zoomLabels ?? {};
  L.control.zoom({ zoomInTitle: zoomIn, zoomOutTitle: zoomOut }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  if (first.tiles) {
    // OpenStreetMap and others refuse requests that do not say whose map it is. The path stays secret.
    L.tileLayer(first.tiles.url, { maxZoom: 19, referrerPolicy: 'strict-origin' }).addTo(map);
    // Leaflet takes HTML here, so the text is escaped.
    L.control.attribution({ prefix: false }).addAttribution(escaped(first.tiles.attribution)).addTo(map);
  }
  const markers = new Map<string, L.Marker>();
  const lines = new Map<string, L.Polyline>();
  let current = first;
  let fitted = '';

  const drawPoints = (points: readonly MapPoint[]): void => {
    const ids = new Set(points.map(({ id }) => id));
    for (const [id, marker] of markers) {
      if (ids.has(id)) continue;
      marker.remove();
      markers.delete(id);
    }
    for (const point of points) {
      const known = markers.get(point.id);
      if (known) {
        known.setLatLng([point.lat, point.lng]);
        const icon = known.getElement();
        if (icon) show(icon, point);
      } else {
        const marker = L.marker([point.lat, point.lng], {
          icon: L.divIcon({ className: 'marker', iconSize: [30, 30] }),
          keyboard: true,
          zIndexOffset: point.kind === 'courier' ? 1000 : 0,
        }).addTo(map);
        const icon = marker.getElement();
        if (icon) show(icon, point);
        marker.on('click', () => {
          current.onSelect?.(point.id);
        });
        markers.set(point.id, marker);
      }
    }
  };

  const drawLines = (all: RouteMapProps['lines'] = []): void => {
    const ids = new Set(all.map(({ id }) => id));
    for (const [id, line] of lines) {
      if (ids.has(id)) continue;
      line.remove();
      lines.delete(id);
    }
    for (const { id, points, isSelected = true } of all) {
      const places = points.map(({ lat, lng }): [number, number] => [lat, lng]);
      const known = lines.get(id);
      if (known) known.setLatLngs(places);
      else lines.set(id, L.polyline(places, { className: 'map-line', interactive: false }).addTo(map));
      lines.get(id)?.getElement()?.classList.toggle('map-line-selected', isSelected);
    }
  };

  const update = (props: RouteMapProps): void => {
    current = props;
    drawPoints(props.points);
    drawLines(props.lines);
    if (props.fitKey === fitted || props.points.length === 0) return;
    fitted = props.fitKey;
    const bounds = L.latLngBounds(props.points.map(({ lat, lng }): [number, number] => [lat, lng]));
    map.fitBounds(bounds, { ...FIT, animate: !isStill });
  };

  const observer = new ResizeObserver(() => {
    map.invalidateSize();
  });
  observer.observe(element);
  update(first);
  return {
    update,
    remove: () => {
      observer.disconnect();
      map.remove();
    },
  };
}

/** Writes a point into its marker, as text. */
function show(icon: HTMLElement, { kind, symbol, title, isSelected = false }: MapPoint): void {
  icon.textContent = symbol;
  icon.title = title;
  icon.setAttribute('aria-label', title);
  icon.classList.toggle('marker-courier', kind === 'courier');
  icon.classList.toggle('marker-pick-up', kind === 'pick-up');
  icon.classList.toggle('marker-drop-off', kind === 'drop-off');
  icon.classList.toggle('marker-selected', isSelected);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
