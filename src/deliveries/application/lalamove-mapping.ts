import type { Order } from '../../api/answers/order.js';
import { ATTEMPT_KEY } from '../../api/requests/attempt-metadata.js';
import type { PlaceOrderDto } from '../../api/requests/place-order.dto.js';
import type { Quotation } from '../../api/answers/quotation.js';
import { isRecord } from '../../internal/is-record.js';
import type { DeliveryAttempt, CurrentQuotation } from '../domain/delivery-progress.js';
import type { OrderReading } from '../domain/order-updates.js';
import type { BookedRequest } from '../storage/delivery-record.js';
import { pairedStops } from './paired-stops.js';

/** How long Lalamove holds a price (API v3, "Quotation"). */
const QUOTATION_MS = 5 * 60_000;

/**
 * The quotation as a delivery stores it.
 *
 * @param askedAt the time of the request, in Unix ms by our clock. The expiry is calculated from it, because Lalamove's
 * clock may differ
 * @returns `undefined` if the price or the stops are missing, so that the quotation cannot be ordered; `'unmatched'` if
 * the match of its stops to the requested stops is not certain
 */
export function quotationOf(
  quotation: Quotation,
  { quotation: asked }: BookedRequest,
  askedAt: number,
): CurrentQuotation | 'unmatched' | undefined {
  const { total, currency } = membersOf(quotation.priceBreakdown);
  if (text(total) === '' || !hasStops(quotation)) return undefined;
  const isOptimised = [asked, quotation].some(({ isRouteOptimized }) => isRouteOptimized === true);
  const stops = pairedStops(asked.stops, quotation.stops, isOptimised);
  if (!stops) return 'unmatched';
  return {
    quotationId: quotation.quotationId,
    expiresAt: askedAt + QUOTATION_MS,
    total: text(total),
    currency: text(currency),
    stopIds: stops.map(({ stopId }) => stopId),
  };
}

/** Whether the quotation has its stops. The client checks only the id of a response; other fields may be missing. */
function hasStops(quotation: Quotation): boolean {
  const { stops } = membersOf(quotation);
  return (
    Array.isArray(stops) &&
    stops.every((stop) => isRecord(stop) && typeof stop.stopId === 'string' && isRecord(stop.coordinates))
  );
}

/** The order of an attempt. Its metadata contains the attempt id, to find the order if the response is lost. */
export function orderInput(
  request: BookedRequest,
  { stopIds }: CurrentQuotation,
  attempt: DeliveryAttempt,
): PlaceOrderDto {
  const [from = '', ...to] = stopIds;
  const { isPODEnabled, isRecipientSMSEnabled, partner, metadata } = request;
  return {
    quotationId: attempt.quotationId,
    sender: { stopId: from, name: request.sender.name, phone: request.sender.phone },
    recipients: request.recipients.map(({ name, phone, remarks }, index) => ({
      stopId: to[index] ?? '',
      name,
      phone,
      ...(remarks !== undefined && { remarks }),
    })),
    ...(isPODEnabled !== undefined && { isPODEnabled }),
    ...(isRecipientSMSEnabled !== undefined && { isRecipientSMSEnabled }),
    ...(partner !== undefined && { partner }),
    metadata: { ...metadata, [ATTEMPT_KEY]: attempt.id },
  };
}

/** The order in a response of Lalamove. Missing fields are empty; a missing status is `ASSIGNING_DRIVER`. */
export function readingOf(order: Order): OrderReading {
  const answer = membersOf(order);
  const price = membersOf(answer.priceBreakdown);
  return {
    orderId: order.orderId,
    status: text(answer.status) || 'ASSIGNING_DRIVER',
    driverId: text(answer.driverId),
    total: text(price.total),
    priorityFee: text(price.priorityFee),
    currency: text(price.currency),
    shareLink: text(answer.shareLink),
  };
}

/** The members of an object; an empty object for any other value. */
function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

function text(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value : '';
}
