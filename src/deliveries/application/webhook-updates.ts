import { isRecord } from '../../internal/is-record.js';
import { readLalamoveEvent, type LalamoveEvent } from '../../webhooks/events/lalamove-event.js';
import type { LalamoveEventFacts } from '../../webhooks/events/lalamove-event-facts.js';
import type { DeliveryPolicy } from '../domain/delivery-policy.js';
import { duplicateChanged, duplicateOf } from '../domain/duplicates.js';
import { unchanged, type Transition, type Snapshot } from '../domain/transition.js';
import { driverUpdated, priceUpdated, replacedAny, statusUpdated } from '../domain/order-updates.js';
import { readJson, UnreadableRow, type StoredRow } from '../storage/unreadable-row.js';

/** The member of an order's metadata that names the attempt that placed it. */
export const ATTEMPT_KEY = 'deliveryAttempt';

/** What a webhook says of an order. */
export interface WebhookUpdate {
  readonly event: LalamoveEvent;
  /** The attempt that its metadata name. */
  readonly attemptId: string | undefined;
  /** What becomes of the delivery whose order it is about: the live one, a duplicate, or one that has ended. */
  apply: (snapshot: Snapshot, policy: DeliveryPolicy, now: number) => Transition;
}

/**
 * Reads a stored webhook.
 *
 * @param receivedAt Unix ms, by the row: it follows a clock that was set anew, and the payload does not
 * @throws UnreadableRow for a row that is damaged, or that this version has not written
 */
export function readWebhook(
  { id, payload }: { readonly id: number; readonly payload: string },
  receivedAt?: number,
): WebhookUpdate {
  const row: StoredRow = { table: 'delivery_events', id };
  const facts = readJson(payload, isFacts, row, 'payload');
  return webhookUpdate(eventOf({ ...facts, ...(receivedAt !== undefined && { receivedAt }) }, row), facts.signedAt);
}

function eventOf(facts: LalamoveEventFacts, row: StoredRow): LalamoveEvent {
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
export function webhookUpdate(event: LalamoveEvent, signedAt: number): WebhookUpdate {
  const metadata = 'metadata' in event ? event.metadata : undefined;
  return {
    event,
    attemptId: metadata?.[ATTEMPT_KEY],
    apply: (snapshot, policy, now) => {
      if (event.eventType === 'ORDER_REPLACED') return replacedAny(snapshot, event, now);
      const orderId = orderOf(event) ?? '';
      const follow = (alone: Snapshot): Transition => transition(event, signedAt, alone, policy, now);
      if (snapshot.progress.order?.orderId === orderId) return follow(snapshot);
      return duplicateOf(snapshot, orderId) ? duplicateChanged(snapshot, orderId, follow) : unchanged(snapshot);
    },
  };
}

/** What a webhook does to the order that it is about, which is the live one of `snapshot`. */
function transition(
  event: LalamoveEvent,
  signedAt: number,
  snapshot: Snapshot,
  policy: DeliveryPolicy,
  now: number,
): Transition {
  switch (event.eventType) {
    case 'ORDER_CREATED':
    case 'ORDER_STATUS_CHANGED': {
      const { status, driverId } = event;
      const cancelParty = cancelPartyIn(event);
      return statusUpdated(snapshot, { status, driverId, cancelParty }, signedAt, policy, now);
    }
    case 'DRIVER_ASSIGNED':
      return driverUpdated(snapshot, event.driver.driverId, signedAt, now);
    case 'ORDER_AMOUNT_CHANGED':
      return priceUpdated(snapshot, event.price, signedAt, now);
    default:
      return unchanged(snapshot);
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
