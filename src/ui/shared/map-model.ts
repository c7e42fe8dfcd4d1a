/** A tile server, as the host has configured it. */
export interface MapTiles {
  readonly url: string;
  readonly attribution: string;
}

/** A place on the map. */
export interface MapPoint {
  /** Stays the same while the point moves. */
  readonly id: string;
  readonly lat: number;
  readonly lng: number;
  readonly kind: 'pick-up' | 'drop-off' | 'courier';
  /** Shown in the marker: one or two characters. */
  readonly symbol: string;
  /** Its name for screen readers and as a tooltip, as plain text. */
  readonly title: string;
  readonly isSelected?: boolean;
}

/** A line on the map, from stop to stop. */
export interface MapLine {
  readonly id: string;
  readonly points: readonly { readonly lat: number; readonly lng: number }[];
  readonly isSelected?: boolean;
}

/** Properties of {@link RouteMap}. */
export interface RouteMapProps {
  readonly label: string;
  readonly points: readonly MapPoint[];
  readonly lines?: readonly MapLine[];
  /** Without tiles the map shows a plain grid with the scale. */
  readonly tiles?: MapTiles | undefined;
  /** The view is fitted to the points again when this value changes. */
  readonly fitKey: string;
  readonly onSelect?: (id: string) => void;
  /** Whether the wheel and one finger scroll the page and not the map, as on a page that is longer than the screen. */
  readonly isInPage?: boolean;
  /** The names of the buttons, in the language of the page. */
  readonly zoomLabels?: { readonly zoomIn: string; readonly zoomOut: string };
}
