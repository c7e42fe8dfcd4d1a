import type { QuotationStop } from '../../api/answers/quotation.js';
import type { QuotationStopDto } from '../../api/requests/create-quotation.dto.js';
import { isRecord } from '../../internal/is-record.js';
import { coordinatesOf, type GeoCoordinates } from '../coordinates.js';
import { pairedStops } from './paired-stops.js';

/**
 * Where Lalamove has found the booked addresses: from the latest webhook with all stops of the order, for example
 * `ORDER_CREATED`.
 *
 * @param asked the stops of the booking, pick-up first
 * @param payloads the `data` of the delivery's webhooks, oldest first
 * @returns the coordinates of each stop; none if no webhook has them, or if it is not certain which stop is which
 */
export function geocodedStops(
  asked: readonly QuotationStopDto[],
  orderId: string,
  payloads: readonly unknown[],
  isOptimised: boolean,
): readonly (GeoCoordinates | undefined)[] {
  for (const payload of payloads.toReversed()) {
    const order = isRecord(payload) ? payload.order : undefined;
    if (!isRecord(order) || order.orderId !== orderId || !Array.isArray(order.stops)) continue;
    const given = order.stops.flatMap(locatedStop);
    const paired = given.length === order.stops.length ? pairedStops(asked, given, isOptimised) : undefined;
    if (paired) return paired.map(({ coordinates }) => coordinatesOf(coordinates));
  }
  return [];
}

function locatedStop(stop: unknown): readonly QuotationStop[] {
  if (!isRecord(stop)) return [];
  const found = coordinatesOf(stop.coordinates);
  if (!found) return [];
  const coordinates = { lat: String(found.lat), lng: String(found.lng) };
  return [{ stopId: '', address: typeof stop.address === 'string' ? stop.address : '', coordinates }];
}
