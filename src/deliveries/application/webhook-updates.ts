import { ATTEMPT_KEY } from '../../api/requests/attempt-metadata.js';
import { isRecord } from '../../internal/is-record.js';
import { readLalamoveEvent, type LalamoveEvent } from '../../webhooks/events/lalamove-event.js';
import type { LalamoveEventFacts } from '../../webhooks/events/lalamove-event-facts.js';
import type { DeliveryPolicy } from '../domain/delivery-policy.js';
import { duplicateChanged, duplicateOf } from '../domain/duplicates.js';
import { unchanged, type Transition, type Snapshot } from '../domain/transition.js';
import { driverUpdated, priceUpdated, replacedAny, statusUpdated } from '../domain/order-updates.js';
import type { StoredFacts } from '../storage/inbox-storage.js';
import { readJson, UnreadableRow, type StoredRow } from '../storage/unreadable-row.js';

/** A webhook and the change that it makes to a delivery. */
export interface WebhookUpdate {
  readonly event: LalamoveEvent;
  /** The attempt id from the order's metadata. */
  readonly attemptId: string | undefined;
  /** Applies the webhook to its delivery. The order may be the live order, a duplicate, or an ended order. */
  apply: (snapshot: Snapshot, policy: DeliveryPolicy, now: number) => Transition;
}

/**
 * Reads a stored webhook.
 *
 * @param receivedAt Unix ms, from the row. Unlike the payload, the row is adjusted if the clock was set
 * @throws UnreadableRow if the row is damaged or was written by another version
 */
export function readWebhook(
  { id, payload }: { readonly id: number; readonly payload: string },
  receivedAt?: number,
): WebhookUpdate {
  const row: StoredRow = { table: 'delivery_events', id };
  const facts = readJson(payload, isFacts, row, 'payload');
  return webhookUpdate(eventOf({ ...facts, ...(receivedAt !== undefined && { receivedAt }) }, row), facts);
}

/**
 * Reads the event of a stored webhook.
 *
 * @throws UnreadableRow if the row is damaged or was written by another version
 */
export function readWebhookEvent({ id, payload }: { readonly id: number; readonly payload: string }): LalamoveEvent {
  const row: StoredRow = { table: 'delivery_events', id };
  return eventOf(readJson(payload, isFacts, row, 'payload'), row);
}

function eventOf(facts: LalamoveEventFacts, row: StoredRow): LalamoveEvent {
  try {
    return readLalamoveEvent(facts);
  } catch {
    // The original error is dropped, because it may quote the data, including personal names.
    throw new UnreadableRow(row, 'its payload holds no event that this version can read');
  }
}

/** The order id that identifies the delivery of a webhook. For a replacement, this is the replaced order. */
export function orderOf(event: LalamoveEvent): string | undefined {
  if (event.eventType === 'ORDER_REPLACED') return event.prevOrderId;
  return 'orderId' in event ? event.orderId : undefined;
}

/** @param facts `signedAt`: the time of the webhook's signature, in Unix ms; `trace`: that of its request */
export function webhookUpdate(
  event: LalamoveEvent,
  { signedAt, trace }: Pick<StoredFacts, 'signedAt' | 'trace'>,
): WebhookUpdate {
  const metadata = 'metadata' in event ? event.metadata : undefined;
  return {
    event,
    attemptId: metadata?.[ATTEMPT_KEY],
    apply: (snapshot, policy, now) => withTrace(applied(snapshot, policy, now), trace),
  };

  function applied(snapshot: Snapshot, policy: DeliveryPolicy, now: number): Transition {
    if (event.eventType === 'ORDER_REPLACED') return replacedAny(snapshot, event, now);
    const orderId = orderOf(event) ?? '';
    const follow = (alone: Snapshot): Transition => transition(event, signedAt, alone, policy, now);
    if (snapshot.progress.order?.orderId === orderId) return follow(snapshot);
    return duplicateOf(snapshot, orderId) ? duplicateChanged(snapshot, orderId, follow) : unchanged(snapshot);
  }
}

/** Notes the trace of the webhook that has led to a transition. */
function withTrace(transition: Transition, webhook: unknown): Transition {
  if (typeof webhook !== 'string') return transition;
  const { progress } = transition;
  return { ...transition, progress: { ...progress, trace: { ...progress.trace, webhook } } };
}

/** The transition that a webhook causes. Its order is the live order of `snapshot`. */
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

/** Reads who cancelled the order. It uses the data and not the event type, because the event type is not signed. */
function cancelPartyIn({ raw: { order } }: LalamoveEvent): string | undefined {
  const party = isRecord(order) ? order.cancelParty : undefined;
  return typeof party === 'string' && party !== '' ? party : undefined;
}

function isFacts(value: unknown): value is StoredFacts {
  return isRecord(value) && typeof value.data === 'string' && typeof value.signedAt === 'number';
}
