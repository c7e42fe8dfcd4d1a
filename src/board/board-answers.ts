import type { DeliveriesMetrics } from '../deliveries/deliveries-metrics.js';
import type {
  InspectedDelivery,
  InspectedEvent,
  InspectedPage,
  SearchResult,
  WalletBalance,
} from '../deliveries/inspection.js';
import type { MapTiles } from '../pages/page-headers.js';

/** What the server writes into the page for its code. */
export interface BoardConfig {
  /** The prefix of the page's routes, relative to the page's own address: empty, or with a trailing slash. */
  readonly base: string;
  readonly isReadOnly: boolean;
  /** Who acts; `undefined` if the host does not say. */
  readonly user: string | undefined;
  readonly tiles: MapTiles | undefined;
  /** The version of the page's data. A page of another version says that it must be loaded again. */
  readonly board: 1;
}

/** The answer of `data/summary`. */
export interface BoardSummary extends DeliveriesMetrics {
  /** As recent webhooks have said. */
  readonly wallets: readonly WalletBalance[];
  /** The server's time: ISO 8601, UTC. */
  readonly now: string;
}

/** The answer of `data/deliveries`. */
export type BoardPage = InspectedPage;

/** The answer of `data/search`. */
export type BoardSearch = SearchResult;

/** The answer of `data/delivery`. */
export interface BoardDelivery extends InspectedDelivery {
  /** Sent back with a decision: if the delivery has changed since, the server refuses it. */
  readonly seen: string;
}

/** The answer of `data/position`. */
export interface BoardPosition {
  /** `undefined` without a driver, or if none was read yet. */
  readonly position: { readonly lat: number; readonly lng: number; readonly at: string } | undefined;
}

/** What `data/stream` sends as `changes`. */
export interface BoardChanges {
  readonly events: readonly InspectedEvent[];
}

/** The body of an answer that is no success. */
export interface BoardProblem {
  readonly message: string;
  readonly code?: string;
  /** JSON pointers into the action, such as `/changes/recipients/0/phone`. */
  readonly errors?: readonly { readonly message: string; readonly pointer?: string | undefined }[];
}
