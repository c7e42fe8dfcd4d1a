import type { FaultRule } from '../faults/fault-rule.js';
import type { DriverScript } from '../simulation/driver-script.js';
import type { ScheduledItem } from '../simulation/scheduler.js';
import type { WebhookDelivery, WebhookRegistration } from '../webhooks/webhook-delivery.js';
import type { OrderEntry } from './order-entry.js';
import type { QuotationEntry } from './quotation-entry.js';
import type { Tenant } from './tenant.js';

/** The whole state of a sandbox as plain data, so that a snapshot is a copy of it. */
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
  /** The latest faults that do not apply any more, oldest first. */
  spentFaults: readonly FaultRule[];
  /** The level of each leaky bucket, written as the time at which it will be empty: Unix ms. */
  buckets: Map<string, number>;
  /** The times of the last two orders of an address, key or market: Unix ms. */
  placements: Map<string, number[]>;
  scheduler: ScheduledItem[];
  /** The script of couriers for orders that are placed from now on. */
  script: DriverScript;
}

/** The part of the state that a reset keeps. */
type Beginning = Pick<SandboxState, 'lastId' | 'lastCourier' | 'script'>;

/** The state of a sandbox that has not been used. */
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
    spentFaults: [],
    buckets: new Map(),
    placements: new Map(),
    scheduler: [],
    script,
  };
}
