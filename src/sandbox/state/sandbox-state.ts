import type { Order, OrderStatus } from '../../api/answers/order.js';
import type { Quotation } from '../../api/answers/quotation.js';
import type { FaultRule } from '../faults/fault-rule.js';
import type { DriverScript, DriverStep } from '../simulation/driver-script.js';
import type { WebhookDelivery, WebhookRegistration } from '../webhooks/webhook-delivery.js';
import type { ScheduledItem } from '../simulation/scheduler.js';
import type { Point } from './route.js';

/** Whose something is: wallet, webhook URL, quotations and orders belong to a key in one market. */
export interface Tenant {
  readonly apiKey: string;
  readonly market: string;
}

/** One text for a tenant, to look things up by. */
export function tenantKey({ apiKey, market }: Tenant): string {
  return `${market} ${apiKey}`;
}

/** A quotation with what its answers do not show. */
export interface QuotationEntry {
  readonly tenant: Tenant;
  readonly quotation: Quotation;
  /** UN/LOCODE of the city that serves it. */
  readonly locode: string;
  /** Unix ms; the pick-up time that was asked for. */
  readonly scheduleAt: number;
  /** Whether a pick-up time was asked for at all. */
  readonly isScheduled: boolean;
  /** Unix ms. */
  readonly expiresAt: number;
  readonly metres: number;
  /** In the market's smallest units. */
  readonly total: number;
  /** How often it has been ordered. */
  timesOrdered: number;
  /** Whether a magic value has spoilt an order of it already. */
  isMagicSpent: boolean;
}

/** Somebody at a stop, as they were sent. */
export interface StopContact {
  readonly name: string;
  /** E.164. */
  readonly phone: string;
  readonly remarks?: string;
}

/** A courier. */
export interface Courier {
  readonly driverId: string;
  readonly name: string;
  /** E.164. */
  readonly phone: string;
  readonly plateNumber: string;
  /** Where the courier was at `from.at`, and will be at `to.at`; Unix ms. */
  way: { from: Point & { at: number }; to: Point & { at: number } };
}

/** An order with what its answers do not show. */
export interface OrderEntry {
  readonly tenant: Tenant;
  /** UN/LOCODE of the city that serves it. */
  readonly locode: string;
  readonly language: string;
  readonly serviceType: string;
  /** How many. */
  readonly specialRequests: number;
  /** As `GET /v3/orders/:id` answers it; replaced, never changed. */
  order: Order;
  /** By stop. */
  contacts: readonly StopContact[];
  metres: number;
  /** In the market's smallest units. */
  priorityFee: number | undefined;
  /** What the wallet has paid for it, in the market's smallest units. */
  charged: number;
  /** Unix ms. */
  readonly scheduleAt: number;
  /** Unix ms. */
  readonly placedAt: number;
  /** Unix ms of the last match with a courier. */
  matchedAt: number | undefined;
  /** Unix ms when the courier came to the pick-up. */
  arrivedAt: number | undefined;
  /** Unix ms since when the 2 hours count in which a courier must accept. */
  soughtSince: number;
  /** Unix ms when the first courier gave it back. */
  firstReturnAt: number | undefined;
  rejections: number;
  courier: Courier | undefined;
  isEdited: boolean;
  /** Whether drop-offs have to be proved. */
  readonly isProofEnabled: boolean;
  /** The drop-offs that are done or have failed; 1 is the first. */
  finished: readonly number[];
  /** Magic values of its metadata and remarks. */
  readonly magic: readonly string[];
  /** What couriers do with it, where it was told for this order. */
  script: DriverScript | undefined;
  /** What the courier will still do by itself. */
  steps: readonly DriverStep[];
  /** Tells the present run of steps from those that were called off. */
  run: number;
  /** Whether customer service is about to put a clone in its place: what it has cost is then not paid back, but passed on. */
  isBeingReplaced: boolean;
  /** The order that customer service has put in its place, or the one that it was put in place of. */
  replacedBy?: string;
  replaces?: string;
}

/** Everything that the sandbox remembers of its world, as plain data: what a snapshot holds. */
export interface SandboxState {
  lastId: bigint;
  lastCourier: number;
  quotations: Map<string, QuotationEntry>;
  orders: Map<string, OrderEntry>;
  /** Balances in the market's smallest units, by tenant. */
  wallets: Map<string, { readonly tenant: Tenant; balance: number }>;
  registrations: Map<string, WebhookRegistration>;
  deliveries: Map<string, WebhookDelivery>;
  faults: FaultRule[];
  /** How full each leaky bucket is, as the time when it will be empty: Unix ms. */
  buckets: Map<string, number>;
  /** When the last two orders of an address, key or market were let in: Unix ms. */
  placements: Map<string, number[]>;
  scheduler: ScheduledItem[];
  /** What couriers do with orders to come. */
  script: DriverScript;
}

/** What goes on when everything else is forgotten. */
type Beginning = Pick<SandboxState, 'lastId' | 'lastCourier' | 'script'>;

/** A world in which nothing has happened yet. */
export function emptyState({ lastId, lastCourier, script }: Beginning): SandboxState {
  return {
    lastId,
    lastCourier,
    quotations: new Map(),
    orders: new Map(),
    wallets: new Map(),
    registrations: new Map(),
    deliveries: new Map(),
    faults: [],
    buckets: new Map(),
    placements: new Map(),
    scheduler: [],
    script,
  };
}

/** Statuses in which an order is on its way, or may still be: it costs money and sends a courier. */
export const LIVE_STATUSES: ReadonlySet<OrderStatus> = new Set<OrderStatus>([
  'ASSIGNING_DRIVER',
  'ON_GOING',
  'PICKED_UP',
  'DELIVERING',
]);

/** Statuses in which an order has no courier, or has lost it. */
export const DRIVERLESS_STATUSES: ReadonlySet<OrderStatus> = new Set<OrderStatus>([
  'ASSIGNING_DRIVER',
  'CANCELED',
  'REJECTED',
  'EXPIRED',
]);
