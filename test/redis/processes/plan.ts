import type { PlaceOrderDto } from '../../../src/index.js';

/** What one of several processes does. */
export interface ProcessPlan {
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly baseUrl: string;
  /** How many seconds pass in one second of real time, for the module and for the sandbox. */
  readonly speed: number;
  /** The same moment by both clocks, in Unix ms. */
  readonly anchor: { readonly real: number; readonly here: number };
  /** By how much the clock of this process is wrong, in ms. */
  readonly skewMs: number;
  /** How many calls it makes at once. */
  readonly calls: number;
  /** Reads this order, or places this one. */
  readonly orderId: string;
  readonly order?: PlaceOrderDto;
  /** Whether it does not see the rate-limit headers, so that its limits depend on its own count alone. */
  readonly isBlind?: boolean;
  readonly processes?: number;
  readonly redis?: { readonly url: string; readonly prefix: string };
}

/** What came of it. */
export interface ProcessReport {
  /** The codes of calls that failed. */
  readonly failures: readonly string[];
  /** Lines of the log from level `log`. */
  readonly lines: readonly string[];
}
