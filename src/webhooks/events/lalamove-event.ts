import { WEBHOOK_EVENT_TYPES, type WebhookEventType } from '../../api/webhook-event-types.js';
import { isRecord } from '../../internal/is-record.js';
import { parseExactly } from '../../internal/exact-json.js';
import { UnknownLalamoveEvent, WalletBalanceChangedEvent } from './account-events.js';
import { deepFreeze } from './deep-freeze.js';
import { MissingMemberError, EventData } from './event-data.js';
import type { LalamoveEventFacts } from './lalamove-event-facts.js';
import {
  DriverAssignedEvent,
  OrderAmountChangedEvent,
  OrderCreatedEvent,
  OrderEditedEvent,
  OrderReplacedEvent,
  OrderStatusChangedEvent,
} from './order-events.js';
import { DeliveryCodeStatusChangedEvent, PodStatusChangedEvent, PopStatusChangedEvent } from './stop-events.js';

/** The class of each event type. */
const EVENT_CLASSES = {
  ORDER_CREATED: OrderCreatedEvent,
  ORDER_STATUS_CHANGED: OrderStatusChangedEvent,
  DRIVER_ASSIGNED: DriverAssignedEvent,
  ORDER_AMOUNT_CHANGED: OrderAmountChangedEvent,
  ORDER_REPLACED: OrderReplacedEvent,
  ORDER_EDITED: OrderEditedEvent,
  WALLET_BALANCE_CHANGED: WalletBalanceChangedEvent,
  POD_STATUS_CHANGED: PodStatusChangedEvent,
  POP_STATUS_CHANGED: PopStatusChangedEvent,
  DELIVERY_CODE_STATUS_CHANGED: DeliveryCodeStatusChangedEvent,
} as const satisfies Record<WebhookEventType, unknown>;

type EventClasses = typeof EVENT_CLASSES;

/** A webhook event. `eventType` tells which one. */
export type LalamoveEvent = InstanceType<EventClasses[keyof EventClasses]> | UnknownLalamoveEvent;

/** One of the ten event types, or `'UNKNOWN'` for any other event. */
export type LalamoveEventType = LalamoveEvent['eventType'];

/** The event class of a type; all of them for `'*'`. */
export type LalamoveEventOf<Type extends LalamoveEventType | '*'> = Type extends LalamoveEventType
  ? Extract<LalamoveEvent, { eventType: Type }>
  : LalamoveEvent;

/** All event types. */
export const LALAMOVE_EVENT_TYPES: readonly LalamoveEventType[] = [...WEBHOOK_EVENT_TYPES, 'UNKNOWN'];

/**
 * Creates an event from its facts. An event whose type is newer than this package, or whose `data` lack a required
 * member, becomes an {@link UnknownLalamoveEvent}.
 *
 * @throws SyntaxError if `data` is no JSON
 */
export function readLalamoveEvent(facts: LalamoveEventFacts): LalamoveEvent {
  return readParsedEvent(facts, undefined);
}

/**
 * Does the same as {@link readLalamoveEvent}, with a value that is parsed already.
 *
 * @param parsed the result of `JSON.parse` for `data`; `undefined` if it was not parsed
 */
export function readParsedEvent(facts: LalamoveEventFacts, parsed: unknown): LalamoveEvent {
  const value = parseExactly(facts.data, parsed);
  const raw = isRecord(value) ? value : {};
  return deepFreeze(eventOf(facts, raw));
}

function eventOf(facts: LalamoveEventFacts, raw: Readonly<Record<string, unknown>>): LalamoveEvent {
  if (!isKnownType(facts.eventType)) return new UnknownLalamoveEvent(facts, raw);
  try {
    return new EVENT_CLASSES[facts.eventType](facts, new EventData(raw), raw);
  } catch (error) {
    if (error instanceof MissingMemberError) return new UnknownLalamoveEvent(facts, raw, error.member);
    throw error;
  }
}

function isKnownType(type: string): type is keyof EventClasses {
  return Object.hasOwn(EVENT_CLASSES, type);
}
