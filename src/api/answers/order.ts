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

/** A stop of an order; unlike a quotation's it has no `stopId`. */
export interface OrderStop {
  coordinates: Coordinates;
  address: string;
  name: string;
  /** As Lalamove has it, which is not what was sent: as the market writes it, mostly without plus and country code. */
  phone: string;
  POD?: ProofOfDelivery;
  POP?: ProofOfPickUp;
  /** What the recipient tells the driver; its status is `Pending`, `Verified` or `Not Applicable`. */
  delivery_code?: { value: string; status: string };
}

/** An answer of `POST`, `GET` or `PATCH` on `/v3/orders`; an answer is checked for its id, other fields come as they came. */
export interface Order {
  orderId: string;
  quotationId: string;
  priceBreakdown: PriceBreakdown;
  /** Empty until a driver is matched, and again after a cancellation. */
  driverId: string;
  /** An opaque URL where the recipient can follow the order. */
  shareLink: string;
  status: OrderStatus;
  distance?: Distance;
  stops: OrderStop[];
  metadata?: Record<string, string>;
  remarks?: string[];
}

/** @returns `undefined` for what is no order */
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
