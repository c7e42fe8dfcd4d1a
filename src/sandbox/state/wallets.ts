import { formatAmount, toUnits } from './money.js';
import { LIVE_STATUSES } from '../../api/order-status.js';
import { type OrderEntry } from './order-entry.js';
import { tenantKey, type Tenant } from './tenant.js';
import type { SandboxWorld } from './sandbox-world.js';

/** How many times the price of a short route a wallet holds at the start. */
const ROUTES_AT_THE_START = 100_000;

/** The wallets: one a key and market, in the market's currency. Orders are paid when they are placed, and paid back when they come to nothing. */
export class Wallets {
  constructor(private readonly world: SandboxWorld) {}

  /** In the market's smallest units. */
  balance(tenant: Tenant): number {
    return this.#of(tenant).balance;
  }

  /** A decimal string. */
  formattedBalance(tenant: Tenant): string {
    return formatAmount(this.balance(tenant), this.world.facts(tenant));
  }

  /** Tops a wallet up, or empties it. */
  set(tenant: Tenant, balance: number): void {
    this.#move(tenant, balance - this.balance(tenant));
  }

  /** Whether the wallet can pay what an order would cost beyond what it has been charged. */
  canPay(tenant: Tenant, total: number, charged = 0): boolean {
    return total - charged <= this.balance(tenant);
  }

  /** Charges, or pays back, what an order costs now; nothing once it has come to nothing. */
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
