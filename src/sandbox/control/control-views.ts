import type { Driver } from '../../api/answers/driver.js';
import type { Order } from '../../api/answers/order.js';
import type { WebhookAttempt, WebhookDelivery } from '../webhooks/webhook-delivery.js';
import { driverView } from '../state/couriers.js';
import { formatAmount } from '../state/money.js';
import type { DriverScript, DriverStep } from '../simulation/driver-script.js';
import type { SandboxUnknowns } from '../sandbox.options.js';
import type { OrderEntry, StopContact } from '../state/order-entry.js';
import type { SandboxWorld } from '../state/sandbox-world.js';

/** An order, with the data that Lalamove's API does not return. */
export interface SandboxOrder {
  /** As `GET /v3/orders/:id` returns it now. */
  readonly order: Order;
  readonly apiKey: string;
  readonly market: string;
  /** UN/LOCODE of its city. */
  readonly locode: string;
  readonly serviceType: string;
  /** ISO 8601. */
  readonly placedAt: string;
  /** ISO 8601: the pick-up time. */
  readonly scheduleAt: string;
  /** ISO 8601: the last match with a driver. */
  readonly matchedAt?: string;
  /** One for each stop, as the request named them, with their remarks. */
  readonly contacts: readonly StopContact[];
  /** The driver and the real position now, also when the API would not return them. */
  readonly driver?: Driver;
  readonly rejections: number;
  readonly isEdited: boolean;
  /** The amount that the wallet paid for it: a decimal string. */
  readonly spent: string;
  /** The steps that the driver has still to do by itself. */
  readonly steps: readonly DriverStep[];
  /** The id of the order that replaces this one. */
  readonly replacedBy?: string;
  /** The id of the order that this one replaces. */
  readonly replaces?: string;
}

/** A summary of the sandbox. */
export interface SandboxInfo {
  /** Differs from one sandbox to the next, also on the same port. */
  readonly instance: string;
  /** The markets that it serves. */
  readonly markets: readonly string[];
  readonly apiKeys: readonly string[];
  readonly time: SandboxTime;
  readonly seed: number | string;
  readonly rateLimits: 'sandbox' | 'production' | false;
  readonly dialect: 'v3' | 'v2';
  readonly unknowns: SandboxUnknowns;
  /** The drivers' script for orders that are placed from now on. */
  readonly drivers: DriverScript;
  readonly counts: {
    readonly orders: number;
    readonly quotations: number;
    readonly requests: number;
    readonly webhooks: number;
  };
}

/** The sandbox's clock. */
export interface SandboxTime {
  /** ISO 8601 with ms. */
  readonly now: string;
  /** How many seconds pass here in one second of real time; 0 stands still. */
  readonly speed: number;
}

/** A wallet. Each API key has one in each market. */
export interface SandboxWallet {
  readonly apiKey: string;
  readonly market: string;
  readonly currency: string;
  /** A decimal string. */
  readonly balance: string;
}

/** An event that the sandbox sent or will send by webhook. */
export interface SandboxWebhook {
  readonly eventId: string;
  readonly eventType: string;
  readonly apiKey: string;
  readonly market: string;
  readonly orderId?: string;
  /** The exact JSON text that is signed. */
  readonly data: string;
  /** ISO 8601 with ms. */
  readonly occurredAt: string;
  readonly state: WebhookDelivery['state'];
  readonly attempts: readonly (Omit<WebhookAttempt, 'at'> & { /** ISO 8601 with ms. */ readonly at: string })[];
}

/** A registered webhook URL. */
export interface SandboxWebhookUrl {
  readonly apiKey: string;
  readonly market: string;
  readonly url: string;
  /** Whether all retries of an event failed, so that nothing more is sent to it. */
  readonly isDisabled: boolean;
}

const iso = (unixMs: number): string => new Date(unixMs).toISOString();

/** The control API's view of an order. */
export function orderView(entry: OrderEntry, world: SandboxWorld): SandboxOrder {
  const { tenant, courier, matchedAt, replacedBy, replaces } = entry;
  return {
    order: entry.order,
    ...tenant,
    locode: entry.locode,
    serviceType: entry.serviceType,
    placedAt: iso(entry.placedAt),
    scheduleAt: iso(entry.scheduleAt),
    ...(matchedAt !== undefined && { matchedAt: iso(matchedAt) }),
    contacts: entry.contacts,
    ...(courier && { driver: driverView(courier, world.clock.now()) }),
    rejections: entry.rejections,
    isEdited: entry.isEdited,
    spent: formatAmount(entry.charged, world.facts(tenant)),
    steps: entry.steps,
    ...(replacedBy !== undefined && { replacedBy }),
    ...(replaces !== undefined && { replaces }),
  };
}

/** The control API's view of an event. */
export function webhookView({
  eventId,
  eventType,
  tenant,
  orderId,
  data,
  ...delivery
}: WebhookDelivery): SandboxWebhook {
  return {
    eventId,
    eventType,
    ...tenant,
    ...(orderId !== undefined && { orderId }),
    data,
    occurredAt: iso(delivery.occurredAt),
    state: delivery.state,
    attempts: delivery.attempts.map(({ at, ...outcome }) => ({ at: iso(at), ...outcome })),
  };
}
