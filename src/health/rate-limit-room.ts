import type { LalamoveOperation } from '../api/endpoints.js';
import type { RateLimitReading } from '../api/rate-limit-headers.js';

const MINUTE_MS = 60_000;

/** The room that a call has in Lalamove's limit of requests a minute. */
export interface OperationRoom {
  readonly operation: LalamoveOperation;
  readonly limit: number;
  readonly remaining: number;
}

/** A room, and when it was read: elapsed ms. */
interface SeenRoom extends OperationRoom {
  readonly seenAt: number;
}

/** What Lalamove's headers have said of the limits of each account and call. */
export class RateLimitRoom {
  readonly #seen = new Map<string | undefined, Map<LalamoveOperation, SeenRoom>>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  observe(account: string | undefined, operation: LalamoveOperation, { limit, remaining }: RateLimitReading): void {
    if (!limit || remaining === undefined) return;
    const ofAccount = this.#seen.get(account) ?? new Map<LalamoveOperation, SeenRoom>();
    ofAccount.set(operation, { operation, limit, remaining, seenAt: this.now() });
    this.#seen.set(account, ofAccount);
  }

  /**
   * The call of an account with the least room, as a share of its limit. Lalamove's limits refill evenly within a
   * minute, which counts.
   */
  lowest(account: string | undefined): OperationRoom | undefined {
    const rooms = [...(this.#seen.get(account)?.values() ?? [])].map((room) => this.#refilled(room));
    return rooms.sort((a, b) => a.remaining / a.limit - b.remaining / b.limit)[0];
  }

  #refilled({ operation, limit, remaining, seenAt }: SeenRoom): OperationRoom {
    const refill = Math.floor((limit * (this.now() - seenAt)) / MINUTE_MS);
    return { operation, limit, remaining: Math.min(limit, remaining + refill) };
  }
}
