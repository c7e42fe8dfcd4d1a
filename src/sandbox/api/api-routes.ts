import type { LalamoveOperation } from '../../api/operation-table.js';
import type { CourierSimulator } from '../simulation/courier-simulator.js';
import type { WebhookSender } from '../webhooks/webhook-sender.js';
import type { WebhookPublisher } from '../webhooks/webhook-publisher.js';
import type { MarketFacts } from '../state/market-facts.js';
import type { OrderBook } from '../state/order-book.js';
import type { Tenant } from '../state/sandbox-state.js';
import type { SandboxWorld } from '../state/sandbox-world.js';
import type { Wallets } from '../state/wallets.js';
import { getCities, setWebhookUrl } from './account-calls.js';
import { changeDriver, getDriver } from './driver-calls.js';
import { addPriorityFee, cancelOrder, editOrder, getOrder } from './order-calls.js';
import { placeOrder } from './place-order.js';
import { createQuotation, getQuotation } from './quotation-calls.js';

/** What the calls work on. */
export interface SandboxParts {
  readonly world: SandboxWorld;
  readonly wallets: Wallets;
  readonly orders: OrderBook;
  readonly life: CourierSimulator;
  readonly sender: WebhookPublisher;
  readonly mail: WebhookSender;
}

/** A call whose signature, limits, market and body have been checked. */
export interface SandboxCall extends SandboxParts {
  readonly tenant: Tenant;
  readonly facts: MarketFacts;
  /** By the names in the path. */
  readonly ids: Readonly<Record<string, string>>;
  /** The `data` of the body; empty where there is none. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** What a call answers: `data` goes into the envelope, none is a 204. */
export interface SandboxAnswer {
  readonly status: number;
  readonly data?: unknown;
}

/** What does a call's work. */
export type SandboxHandler = (call: SandboxCall) => SandboxAnswer | Promise<SandboxAnswer>;

/** Who answers which call. */
export const HANDLERS: Readonly<Record<LalamoveOperation, SandboxHandler>> = {
  createQuotation,
  getQuotation,
  placeOrder,
  getOrder,
  editOrder,
  cancelOrder,
  addPriorityFee,
  getDriver,
  changeDriver,
  getCities,
  setWebhookUrl,
};
