import type { LalamoveOperation } from '../errors/operation-table.js';
import { getCities, setWebhookUrl } from './account-calls.js';
import type { MarketFacts } from './market-facts.js';
import {
  addPriorityFee,
  cancelOrder,
  changeDriver,
  editOrder,
  getDriver,
  getOrder,
  placeOrder,
} from './order-calls.js';
import { createQuotation, getQuotation } from './quotation-calls.js';
import type { SandboxState } from './sandbox-state.js';

/** A call whose signature, market and body have been checked. */
export interface SandboxCall {
  readonly state: SandboxState;
  readonly market: string;
  readonly facts: MarketFacts;
  /** By the names in the path. */
  readonly ids: Readonly<Record<string, string>>;
  /** The `data` of the body; empty where there is none. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** What a call answers: `data` goes into the envelope, none is a 204. */
export interface SandboxAnswer {
  status: number;
  data?: unknown;
}

/** What does a call's work. */
export type SandboxHandler = (call: SandboxCall) => SandboxAnswer;

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
