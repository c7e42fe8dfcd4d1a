import { randomUUID } from 'node:crypto';
import {
  readLalamoveEvent,
  type LalamoveEvent,
  type LalamoveEventOf,
  type LalamoveEventType,
} from '../../webhooks/events/lalamove-event.js';
import { signWebhook, type SignedWebhook } from '../../webhooks/verify/sign-webhook.js';
import { builtEventFields } from './built-event-fields.js';

/** The members of an event that {@link buildEvent} takes: those of the event itself. */
export type EventMembers<Type extends LalamoveEventType> = Partial<
  Omit<LalamoveEventOf<Type>, 'eventType' | 'missing'>
>;

/** The members that stand beside the order in the `data` of a webhook. All others stand in the order. */
const BESIDE_ORDER: readonly string[] = ['driver', 'location', 'balance', 'prevOrderId', 'editParty', 'editReason'];

/**
 * An event as `@OnLalamoveEvent` gets it, of the built order.
 *
 * @param members replace those of the example; `raw` is added to the `data` that they make
 * @throws TypeError if members that the type requires are missing
 *
 * @example
 * tracking.onStatus(buildEvent('ORDER_STATUS_CHANGED', { orderId: '1', status: 'COMPLETED' }));
 */
export function buildEvent<Type extends LalamoveEventType>(
  type: Type,
  members: EventMembers<Type> = {},
): LalamoveEventOf<Type> {
  const given: Readonly<Record<string, unknown>> = { ...builtEventFields(type), ...members };
  const { eventId, fingerprint, occurredAt, receivedAt, account, apiKey, raw, sentEventType, ...fields } = given;
  const now = new Date().toISOString();
  const event = readLalamoveEvent({
    eventType: type === 'UNKNOWN' ? textOr(sentEventType, 'NEW_EVENT_TYPE') : type,
    eventId: textOr(eventId, randomUUID().toUpperCase()),
    fingerprint: textOr(fingerprint, randomUUID()),
    signedAt: Math.floor(Date.parse(textOr(occurredAt, now)) / 1000) * 1000,
    receivedAt: Date.parse(textOr(receivedAt, now)),
    account: typeof account === 'string' ? account : undefined,
    apiKey: textOr(apiKey, 'pk_test_sandbox'),
    data: JSON.stringify({ ...dataOf(fields), ...(typeof raw === 'object' && raw) }),
  });
  if (isOfType(event, type)) return event;
  const missing = event.eventType === 'UNKNOWN' ? event.missing : undefined;
  throw new TypeError(`An event of the type ${type} needs ${missing ?? 'other members'}: give it to buildEvent.`);
}

/**
 * An event as the signed request that Lalamove sends, for tests of the endpoint over HTTP.
 *
 * @param event for example of {@link buildEvent}
 * @param to `path`: that of the endpoint's URL. `secret`: by default that of the sandbox
 *
 * @example
 * const { body, headers } = buildWebhook(buildEvent('ORDER_CREATED'), { path: '/webhooks/lalamove' });
 * await fetch(`${url}/webhooks/lalamove`, { method: 'POST', body, headers });
 */
export function buildWebhook(
  event: LalamoveEvent,
  { path, secret = 'sk_test_sandbox' }: { path: string; secret?: string },
): SignedWebhook {
  return signWebhook({
    secret,
    path,
    data: event.raw,
    eventType: event.eventType === 'UNKNOWN' ? event.sentEventType : event.eventType,
    ...(event.eventId !== undefined && { eventId: event.eventId }),
    apiKey: event.apiKey,
    timestamp: Date.parse(event.occurredAt) / 1000,
  });
}

/** The `data` of a webhook. */
function dataOf(fields: Readonly<Record<string, unknown>>): object {
  const { previousStops, ...others } = fields;
  const entries = Object.entries(others).filter(([, value]) => value !== undefined);
  const order = entries.filter(([name]) => !BESIDE_ORDER.includes(name));
  return {
    ...Object.fromEntries(entries.filter(([name]) => BESIDE_ORDER.includes(name))),
    ...(order.length > 0 && { order: Object.fromEntries(order) }),
    ...(previousStops !== undefined && { previousData: { stops: previousStops } }),
    updatedAt: new Date().toISOString(),
  };
}

function isOfType<Type extends LalamoveEventType>(event: LalamoveEvent, type: Type): event is LalamoveEventOf<Type> {
  return event.eventType === type;
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}
