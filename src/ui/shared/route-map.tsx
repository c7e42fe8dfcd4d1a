import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { DrawnMap } from './leaflet-map.js';
import type { RouteMapProps } from './map-model.js';

/** A map by Leaflet, which is loaded when the first map is drawn. */
export function RouteMap(props: RouteMapProps): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  const drawn = useRef<DrawnMap>(undefined);
  latest.current = props;
  useEffect(() => {
    let isGone = false;
    void import('./leaflet-map.js').then(({ drawMap }) => {
      if (isGone || !element.current) return;
      drawn.current = drawMap(element.current, latest.current);
    });
    return () => {
      isGone = true;
      drawn.current?.remove();
      drawn.current = undefined;
    };
  }, []);
  useEffect(() => {
    drawn.current?.update(props);
  });
  return <div ref={element} class={props.tiles ? 'map' : 'map map-plain'} role="region" aria-label={props.label} />;
}
