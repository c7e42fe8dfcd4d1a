import type { CourierSimulator } from '../simulation/courier-simulator.js';
import type { MarketFacts } from '../state/market-facts.js';
import type { OrderBook } from '../state/order-book.js';
import type { SandboxWorld } from '../state/sandbox-world.js';
import type { Tenant } from '../state/tenant.js';
import type { Wallets } from '../state/wallets.js';
import type { WebhookPublisher } from '../webhooks/webhook-publisher.js';
import type { WebhookSender } from '../webhooks/webhook-sender.js';

/** The parts of the sandbox that the handlers of calls use. */
export interface SandboxParts {
  readonly world: SandboxWorld;
  readonly wallets: Wallets;
  readonly orders: OrderBook;
  readonly simulator: CourierSimulator;
  readonly publisher: WebhookPublisher;
  readonly sender: WebhookSender;
}

/** A call whose signature, rate limit, market and body have been checked. */
export interface SandboxCall extends SandboxParts {
  readonly tenant: Tenant;
  readonly facts: MarketFacts;
  /** The ids in the path, by name. */
  readonly ids: Readonly<Record<string, string>>;
  /** The `data` of the body; an empty object if there is no body. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** The answer to a call. `data` is written inside the envelope; without it the answer is a 204. */
export interface SandboxAnswer {
  readonly status: number;
  readonly data?: unknown;
}

/** Carries out a call. */
export type SandboxHandler = (call: SandboxCall) => SandboxAnswer | Promise<SandboxAnswer>;
