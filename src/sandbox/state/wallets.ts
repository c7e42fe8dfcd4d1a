import { formatAmount, toUnits } from './money.js';
import { LIVE_STATUSES } from '../../api/order-status.js';
import { type OrderEntry } from './order-entry.js';
import { tenantKey, type Tenant } from './tenant.js';
import type { SandboxWorld } from './sandbox-world.js';

/** The initial balance of a wallet, as a multiple of the base price. */
const ROUTES_AT_THE_START = 100_000;

/**
 * The wallets, one for each API key and market, in the market's currency. Orders are charged when placed, and refunded
 * if they end without a delivery.
 */
export class Wallets {
  constructor(private readonly world: SandboxWorld) {}

  /** The balance in the market's smallest units. */
  balance(tenant: Tenant): number {
    return this.#of(tenant).balance;
  }

  /** The balance as a decimal string. */
  formattedBalance(tenant: Tenant): string {
    return formatAmount(this.balance(tenant), this.world.facts(tenant));
  }

  /** Sets the balance. */
  set(tenant: Tenant, balance: number): void {
    this.#move(tenant, balance - this.balance(tenant));
  }

  /** Whether the balance covers a total, minus the amount already charged. */
  canPay(tenant: Tenant, total: number, charged = 0): boolean {
    return total - charged <= this.balance(tenant);
  }

  /** Charges or refunds the difference to the current price. An order that ended without a delivery costs nothing. */
  settle(entry: OrderEntry, total: number): void {
    const isDue = LIVE_STATUSES.has(entry.order.status) || entry.order.status === 'COMPLETED';
    const due = isDue ? total : 0;
    const difference = due - entry.charged;
    entry.charged = due;
    if (difference !== 0) this.#move(entry.tenant, -difference);
  }

  #move(tenant: Tenant, units: number): void {
    this.#of(tenant).balance += units;
    this.world.emit({ type: 'WALLET_BALANCE_CHANGED', tenant });
  }

  #of(tenant: Tenant): { balance: number } {
    const { wallets } = this.world.state;
    const key = tenantKey(tenant);
    const known = wallets.get(key);
    if (known) return known;
    const facts = this.world.facts(tenant);
    const wallet = { tenant, balance: toUnits(facts.base * ROUTES_AT_THE_START, facts) };
    wallets.set(key, wallet);
    return wallet;
  }
}
