import { isRecord } from '../../internal/is-record.js';
import { readLalamoveEvent, type LalamoveEvent } from '../../webhooks/events/lalamove-event.js';
import type { LalamoveEventFacts } from '../../webhooks/events/lalamove-event-facts.js';
import type { DeliveryPolicy } from '../domain/delivery-policy.js';
import { duplicateChanged, duplicateOf } from '../domain/duplicates.js';
import { unchanged, type Evolution, type Standing } from '../domain/transition.js';
import { driverTold, priceTold, replacedAny, told } from '../domain/order-updates.js';
import { readJson, UnreadableRow, type RowOfOurs } from './sqlite/unreadable-row.js';

/** The member of an order's metadata that names the attempt that placed it. */
export const ATTEMPT_KEY = 'deliveryAttempt';

/** What a webhook tells of an order. */
export interface OrderNews {
  readonly event: LalamoveEvent;
  /** The attempt that its metadata name. */
  readonly attemptId: string | undefined;
  /** What becomes of the delivery whose order it is about: the live one, a duplicate, or one that has ended. */
  evolve: (standing: Standing, policy: DeliveryPolicy, now: number) => Evolution;
}

/**
 * Reads a stored webhook.
 *
 * @param receivedAt Unix ms, by the row: it follows a clock that was set anew, and the payload does not
 * @throws UnreadableRow for a row that is damaged, or that this version has not written
 */
export function newsOf(
  { id, payload }: { readonly id: number; readonly payload: string },
  receivedAt?: number,
): OrderNews {
  const row: RowOfOurs = { table: 'delivery_events', id };
  const facts = readJson(payload, isFacts, row, 'payload');
  return newsIn(eventOf({ ...facts, ...(receivedAt !== undefined && { receivedAt }) }, row), facts.signedAt);
}

function eventOf(facts: LalamoveEventFacts, row: RowOfOurs): LalamoveEvent {
  try {
    return readLalamoveEvent(facts);
  } catch {
    // Its error may quote the data, and people's names with them.
    throw new UnreadableRow(row, 'its payload holds no event that this version can read');
  }
}

/** The order whose delivery a webhook is for: of a replacement, the one that is replaced. */
export function orderOf(event: LalamoveEvent): string | undefined {
  if (event.eventType === 'ORDER_REPLACED') return event.prevOrderId;
  return 'orderId' in event ? event.orderId : undefined;
}

/** @param signedAt Unix ms */
export function newsIn(event: LalamoveEvent, signedAt: number): OrderNews {
  const metadata = 'metadata' in event ? event.metadata : undefined;
  return {
    event,
    attemptId: metadata?.[ATTEMPT_KEY],
    evolve: (standing, policy, now) => {
      if (event.eventType === 'ORDER_REPLACED') return replacedAny(standing, event, now);
      const orderId = orderOf(event) ?? '';
      const follow = (alone: Standing): Evolution => evolved(event, signedAt, alone, policy, now);
      if (standing.course.order?.orderId === orderId) return follow(standing);
      return duplicateOf(standing, orderId) ? duplicateChanged(standing, orderId, follow) : unchanged(standing);
    },
  };
}

/** What a webhook does to the order that it is about, which is the live one of `standing`. */
function evolved(
  event: LalamoveEvent,
  signedAt: number,
  standing: Standing,
  policy: DeliveryPolicy,
  now: number,
): Evolution {
  switch (event.eventType) {
    case 'ORDER_CREATED':
    case 'ORDER_STATUS_CHANGED': {
      const { status, driverId } = event;
      const cancelParty = cancelPartyIn(event);
      return told(standing, { status, driverId, cancelParty }, signedAt, policy, now);
    }
    case 'DRIVER_ASSIGNED':
      return driverTold(standing, event.driver.driverId, signedAt, now);
    case 'ORDER_AMOUNT_CHANGED':
      return priceTold(standing, event.price, signedAt, now);
    default:
      return unchanged(standing);
  }
}

/** The type is not signed: whatever it says, who has cancelled is in the data. */
function cancelPartyIn({ raw: { order } }: LalamoveEvent): string | undefined {
  const party = isRecord(order) ? order.cancelParty : undefined;
  return typeof party === 'string' && party !== '' ? party : undefined;
}

function isFacts(value: unknown): value is LalamoveEventFacts {
  return isRecord(value) && typeof value.data === 'string' && typeof value.signedAt === 'number';
}
