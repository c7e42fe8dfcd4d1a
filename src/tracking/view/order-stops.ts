import type { TrackedHistory } from '../../deliveries/application/tracked-deliveries.js';
import { coordinatesOf, type GeoCoordinates } from '../../deliveries/coordinates.js';
import type { BookedRequest } from '../../deliveries/storage/delivery-record.js';
import { normalizedText } from '../../deliveries/normalized-text.js';
import { isRecord } from '../../internal/is-record.js';

/** A stop of an order, as far as Lalamove's answer or webhook has it. */
export interface KnownStop {
  readonly name: string;
  readonly address: string;
  readonly place: GeoCoordinates | undefined;
  readonly proof: KnownProof | undefined;
}

/** A proof of delivery. */
export interface KnownProof {
  readonly status: string;
  readonly image: string;
  /** As Lalamove writes it. */
  readonly at: string;
  /** When we have heard of it first: Unix ms; `undefined` if it was read. */
  readonly heardAt: number | undefined;
}

/** The stops in an order of Lalamove's, pick-up first; `undefined` if it has none. */
export function stopsIn(order: unknown, heardAt?: number): readonly KnownStop[] | undefined {
  const stops: unknown = isRecord(order) ? order.stops : undefined;
  if (!Array.isArray(stops) || stops.length < 2) return undefined;
  return stops.map((stop: unknown) => stopOf(isRecord(stop) ? stop : {}, heardAt));
}

/** The stops that the latest webhook of an order has told, with the time of the first webhook that told each proof. */
export function stopsInWebhooks({ webhooks }: TrackedHistory, orderId: string): readonly KnownStop[] | undefined {
  let latest: readonly KnownStop[] | undefined;
  for (const { at, data } of [...webhooks].sort((a, b) => a.at - b.at)) {
    const { order } = data;
    if (!isRecord(order) || order.orderId !== orderId) continue;
    const stops = stopsIn(order, at);
    if (!stops) continue;
    const before = latest;
    latest = stops.map((stop, index) => merged(before?.[index], stop, before?.length === stops.length));
  }
  return latest;
}

/** What a later webhook leaves out stays, and a proof keeps the time at which it was first heard of. */
function merged(before: KnownStop | undefined, stop: KnownStop, isSameRoute: boolean): KnownStop {
  if (!before || !isSameRoute) return stop;
  const proof = stop.proof ?? before.proof;
  return {
    name: stop.name || before.name,
    address: stop.address || before.address,
    place: stop.place ?? before.place,
    proof: proof && { ...proof, ...(before.proof?.status === proof.status && { heardAt: before.proof.heardAt }) },
  };
}

function stopOf({ name, address, coordinates, POD }: Record<string, unknown>, heardAt: number | undefined): KnownStop {
  return { name: text(name), address: text(address), place: coordinatesOf(coordinates), proof: proofOf(POD, heardAt) };
}

function proofOf(proof: unknown, heardAt: number | undefined): KnownProof | undefined {
  if (!isRecord(proof) || typeof proof.status !== 'string') return undefined;
  const at = text(proof.deliveredAt) || text(proof.failedAt);
  return { status: proof.status.toUpperCase(), image: text(proof.image), at, heardAt };
}

/**
 * Which stop of an order is a recipient's own. The stops of an order carry no id of the request, and Lalamove may have
 * put them into another order, so a stop counts only if it certainly is the recipient's: another one's proof must never
 * be shown.
 *
 * @returns its index; `undefined` if it is not certain
 */
export function ownStopIndex(
  { quotation, recipients }: BookedRequest,
  recipient: number,
  stops: readonly KnownStop[],
): number | undefined {
  const asked = quotation.stops[recipient + 1];
  const contact = recipients[recipient];
  if (!asked || !contact || stops.length !== quotation.stops.length) return undefined;
  const isLikely = (stop: KnownStop): boolean => {
    const isNamed = stop.name === '' || normalizedText(stop.name) === normalizedText(contact.name);
    const place = coordinatesOf(asked.coordinates);
    const isThere =
      normalizedText(stop.address) === normalizedText(asked.address) ||
      (place && stop.place && metresBetween(place, stop.place) < 30);
    return isNamed && (isThere === true || (stop.address === '' && stop.place === undefined));
  };
  const likely = stops.flatMap((stop, index) => (index > 0 && isLikely(stop) ? [index] : []));
  const [only] = likely;
  if (likely.length === 1 && (stops[only ?? 0]?.address !== '' || stops.length === 2)) return only;
  // Several stops look alike, or say nothing: then the order of the request decides, if Lalamove has kept it.
  return quotation.isRouteOptimized !== true && likely.includes(recipient + 1) ? recipient + 1 : undefined;
}

/** The distance of two places in metres (haversine). */
export function metresBetween(a: GeoCoordinates, b: GeoCoordinates): number {
  const radians = (angle: number): number => (angle * Math.PI) / 180;
  const [dLat, dLng] = [radians(b.lat - a.lat), radians(b.lng - a.lng)];
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * Math.sin(dLng / 2) ** 2;
  return 2 * 6_371_000 * Math.asin(Math.min(1, Math.sqrt(h)));
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
