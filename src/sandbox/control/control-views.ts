import type { Driver } from '../../api/answers/driver.js';
import type { Order } from '../../api/answers/order.js';
import type { WebhookAttempt, WebhookDelivery } from '../webhooks/webhook-delivery.js';
import { driverView } from '../state/couriers.js';
import { formatAmount } from '../state/money.js';
import type { DriverScript, DriverStep } from '../simulation/driver-script.js';
import type { SandboxUnknowns } from '../sandbox.options.js';
import type { OrderEntry, StopContact } from '../state/order-entry.js';
import type { SandboxWorld } from '../state/sandbox-world.js';

/** An order with what Lalamove's answers do not show of it. */
export interface SandboxOrder {
  /** As `GET /v3/orders/:id` answers it now. */
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
  /** By stop, as they were sent, with their remarks. */
  readonly contacts: readonly StopContact[];
  /** Where the driver is now, whatever the API would say. */
  readonly driver?: Driver;
  readonly rejections: number;
  readonly isEdited: boolean;
  /** What the wallet has paid for it: a decimal string. */
  readonly spent: string;
  /** What the driver will still do without being told. */
  readonly steps: readonly DriverStep[];
  /** The order that customer service has put in its place, or the one that it was put in place of. */
  readonly replacedBy?: string;
  readonly replaces?: string;
}

/** What a sandbox is, in brief. */
export interface SandboxInfo {
  /** The markets that it serves. */
  readonly markets: readonly string[];
  readonly apiKeys: readonly string[];
  readonly time: SandboxTime;
  readonly seed: number | string;
  readonly rateLimits: 'sandbox' | 'production' | false;
  readonly dialect: 'v3' | 'v2';
  readonly unknowns: SandboxUnknowns;
  /** What drivers do with orders to come. */
  readonly drivers: DriverScript;
  readonly counts: { readonly orders: number; readonly quotations: number; readonly requests: number };
}

/** The sandbox's clock. */
export interface SandboxTime {
  /** ISO 8601 with ms. */
  readonly now: string;
  /** Seconds here while one passes there; 0 stands still. */
  readonly speed: number;
}

/** A wallet: one a key and market. */
export interface SandboxWallet {
  readonly apiKey: string;
  readonly market: string;
  readonly currency: string;
  /** A decimal string. */
  readonly balance: string;
}

/** An event that was sent, or was to be. */
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

/** A webhook URL that is registered. */
export interface SandboxWebhookUrl {
  readonly apiKey: string;
  readonly market: string;
  readonly url: string;
  /** Whether Lalamove would have given it up. */
  readonly isDisabled: boolean;
}

const iso = (unixMs: number): string => new Date(unixMs).toISOString();

/** Shows an order. */
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

/** Shows an event. */
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
