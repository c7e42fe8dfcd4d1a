import type { GeoCoordinates } from '../deliveries/coordinates.js';

/** Where a delivery is, in the eyes of one recipient. */
export type TrackingPhase =
  | 'booked'
  | 'finding_driver'
  | 'to_pick_up'
  | 'on_the_way'
  | 'delivered'
  | 'not_delivered'
  | 'canceled'
  | 'failed'
  | 'delayed';

/** What an entry of the recipient's timeline says. */
export type TrackingEntryKind =
  | 'booked'
  | 'finding_driver'
  | 'driver_found'
  | 'driver_left'
  | 'driver_changed'
  | 'picked_up'
  | 'delivered'
  | 'not_delivered'
  | 'canceled'
  | 'failed'
  | 'delayed';

/** An entry of the timeline. */
export interface TrackingEntry {
  readonly kind: TrackingEntryKind;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/**
 * All that the page of one recipient shows. Nothing in it is about another stop of the delivery, its price, or why
 * something went wrong within the host or Lalamove.
 */
export interface TrackingView {
  readonly phase: TrackingPhase;
  /** How far it has come: 0 booked, 1 a driver is found, 2 picked up, 3 at the end. */
  readonly step: 0 | 1 | 2 | 3;
  /** The scheduled pick-up, while nobody is on the way: ISO 8601. */
  readonly scheduledAt?: string;
  /** How many drop-offs come before this one; missing if that is not known. */
  readonly stopsBefore?: number;
  /** The recipient's own stop; missing after the delivery was forgotten. */
  readonly recipient?: { readonly name: string; readonly address: string; readonly place?: GeoCoordinates };
  readonly driver?: {
    readonly name: string;
    readonly plate: string;
    /** While the driver is on the way, and if the host wants it. */
    readonly phone?: string;
    /** Names the photo: that of another driver has another name. Missing without a photo. */
    readonly photo?: string;
  };
  /** Where the driver is, and since when: ISO 8601. Missing while other stops would be given away. */
  readonly position?: GeoCoordinates & { readonly at: string };
  readonly timeline: readonly TrackingEntry[];
  /** The proof of the recipient's own stop. */
  readonly proof?: {
    readonly status: 'delivered' | 'signed' | 'failed';
    readonly at?: string;
    /** Names the picture. Missing without one. */
    readonly image?: string;
  };
  /** Whether nothing more is expected to happen. */
  readonly isOver: boolean;
}

/** What the server writes into the page. */
export interface TrackingPageConfig {
  /** `gone`: no such link, or not any more. `away`: the app cannot read deliveries now. */
  readonly kind: 'delivery' | 'gone' | 'away';
  /** BCP 47. */
  readonly language: string;
  /** Before the names of files, relative to the page. */
  readonly files: string;
  /** Before the addresses of this link, relative to the page. */
  readonly here: string;
  readonly brand: {
    readonly name: string;
    readonly hasLogo: boolean;
    readonly colors: Readonly<Record<'light' | 'dark', { readonly accent: string; readonly onAccent: string }>>;
    readonly support?: { readonly phone?: string; readonly email?: string; readonly url?: string };
  };
  readonly tiles?: { readonly url: string; readonly attribution: string };
  readonly view?: TrackingView;
  /** Names the state of `view`, for the stream. */
  readonly viewId?: string;
}
