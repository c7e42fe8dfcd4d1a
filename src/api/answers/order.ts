import type { OrderStatus } from '../order-status.js';
import type { Coordinates, Distance, PriceBreakdown } from './quotation.js';
import { isRecord } from '../../internal/is-record.js';
import { repairTimes } from './repair-time.js';

/** Proof of delivery at a stop. */
export interface ProofOfDelivery {
  status: 'PENDING' | 'DELIVERED' | 'SIGNED' | 'FAILED' | (string & {});
  /** URL of a photo or signature. */
  image?: string;
  /** ISO 8601, UTC. */
  deliveredAt?: string;
}

/** Proof of pick-up. */
export interface ProofOfPickUp {
  /** URLs of photos. */
  imageUrls: string[];
  /** ISO 8601, UTC. */
  pickedUpAt?: string;
}

/** A stop of an order. Unlike a stop of a quotation it has no `stopId`. */
export interface OrderStop {
  coordinates: Coordinates;
  address: string;
  name: string;
  /** In Lalamove's form for the market, often without country code. It differs from the number that was sent. */
  phone: string;
  POD?: ProofOfDelivery;
  POP?: ProofOfPickUp;
  /** The code that the recipient gives to the driver. Its status is `Pending`, `Verified` or `Not Applicable`. */
  delivery_code?: { value: string; status: string };
}

/** The answer to `POST`, `GET` or `PATCH` on `/v3/orders`. Only the id is checked; the other fields are unchanged. */
export interface Order {
  orderId: string;
  quotationId: string;
  priceBreakdown: PriceBreakdown;
  /** Empty until a driver is matched, and after a cancellation. */
  driverId: string;
  /** The URL of Lalamove's tracking page for the recipient. */
  shareLink: string;
  status: OrderStatus;
  distance?: Distance;
  stops: OrderStop[];
  metadata?: Record<string, string>;
  remarks?: string[];
}

/** @returns `undefined` if the data are no order */
export function readOrder(data: unknown): Order | undefined {
  if (!isOrder(data)) return undefined;
  const stops: unknown = data.stops;
  if (Array.isArray(stops))
    stops.forEach((stop) => {
      if (!isRecord(stop)) return;
      repairTimes(stop.POD, 'deliveredAt');
      repairTimes(stop.POP, 'pickedUpAt');
    });
  return data;
}

function isOrder(data: unknown): data is Order {
  return isRecord(data) && typeof data.orderId === 'string' && data.orderId !== '';
}
