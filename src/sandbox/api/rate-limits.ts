import { ENDPOINTS, type LalamoveOperation } from '../../api/endpoints.js';
import { tenantKey } from '../state/tenant.js';
import type { SandboxWorld } from '../state/sandbox-world.js';
import { Refusal } from './refusal.js';

interface Family {
  /** The name in the headers. */
  readonly family: string;
  /** Whether the headers were observed in the plural form, with the name of the family. */
  readonly isPlural?: true;
}

/** The family of each operation. */
const FAMILIES: Readonly<Record<LalamoveOperation, Family>> = {
  createQuotation: { family: 'postquotation', isPlural: true },
  getQuotation: { family: 'getquotation' },
  placeOrder: { family: 'postorder', isPlural: true },
  getOrder: { family: 'getorder' },
  editOrder: { family: 'patchorder' },
  cancelOrder: { family: 'deleteorder' },
  addPriorityFee: { family: 'postpriorityfee' },
  getDriver: { family: 'getdriver' },
  changeDriver: { family: 'deletedriver' },
  getCities: { family: 'getcities', isPlural: true },
  setWebhookUrl: { family: 'patchweb', isPlural: true },
};

const MINUTE_MS = 60_000;
/** If refused requests count, a bucket holds at most this many times its limit. */
const OVERFLOW = 2;
const ORDERS_A_SECOND = ENDPOINTS.placeOrder.perSecond;

/** The sender of a request. */
export interface Caller {
  readonly address: string;
  readonly apiKey: string;
  readonly market: string;
}

/** The result of counting a request. */
export interface Allowance {
  readonly isAllowed: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * A leaky bucket for each call, and a limit of two orders a second. The level of a bucket is stored as the time at
 * which it will be empty. Each request moves that time by one minute divided by the limit.
 */
export class RateLimits {
  constructor(private readonly world: SandboxWorld) {}

  /** Counts a request. */
  take(operation: LalamoveOperation, caller: Caller): Allowance {
    const { rateLimits, unknowns } = this.world.settings;
    if (rateLimits === false) return { isAllowed: true, headers: {} };
    const family = FAMILIES[operation];
    const limit = ENDPOINTS[operation].perMinute[rateLimits];
    const drop = MINUTE_MS / limit;
    const now = this.world.clock.now();
    const { buckets } = this.world.state;
    const key = `${family.family} ${this.#counted(caller)}`;
    // The clock may have been set back since.
    const emptyAt = Math.min(Math.max(now, buckets.get(key) ?? now), now + OVERFLOW * MINUTE_MS);
    // Half a ms of tolerance, because sums of fractions of a second are not exact.
    const isAllowed = emptyAt + drop <= now + MINUTE_MS + 0.5;
    const isCounted = isAllowed || unknowns.refusedRequests === 'counted';
    const after = isCounted ? Math.min(emptyAt + drop, now + OVERFLOW * MINUTE_MS) : emptyAt;
    buckets.set(key, after);
    const remaining = Math.max(0, Math.floor((now + MINUTE_MS - after) / drop + 1e-6));
    return { isAllowed, headers: this.#headers(family, limit, remaining, Math.ceil(after / 1000)) };
  }

  /**
   * Allows at most two orders within any second.
   *
   * @throws Refusal for a third order
   */
  admitOrder(caller: Caller): void {
    if (this.world.settings.rateLimits === false) return;
    const now = this.world.clock.now();
    const { placements } = this.world.state;
    const key = this.#counted(caller);
    const recent = (placements.get(key) ?? []).filter((at) => at > now - 1000 && at <= now);
    if (recent.length >= ORDERS_A_SECOND) throw new Refusal('ERR_TOO_MANY_REQUESTS');
    placements.set(key, [...recent, now]);
  }

  #counted(caller: Caller): string {
    const { limitsPer } = this.world.settings.unknowns;
    if (limitsPer === 'address') return caller.address;
    return limitsPer === 'key' ? caller.apiKey : tenantKey(caller);
  }

  #headers({ family, isPlural }: Family, limit: number, remaining: number, reset: number): Record<string, string> {
    const { rateLimitHeaders: asked } = this.world.settings;
    const observed = isPlural ? 'plural' : 'plain';
    const spelling = asked === 'observed' ? observed : asked;
    const name = (member: string): string => {
      if (spelling === 'plain') return `ratelimit-${member}`;
      if (spelling === 'plural') return `ratelimits-${member}-${family}`;
      // The spelling of the guide.
      return `RateLimit-${capitalised(member)}-${capitalised(family)}`;
    };
    return { [name('limit')]: String(limit), [name('remaining')]: String(remaining), [name('reset')]: String(reset) };
  }
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
