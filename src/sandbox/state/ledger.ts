import { formatAmount } from './money.js';
import { LIVE_STATUSES } from '../../api/order-status.js';
import { type OrderEntry } from './order-entry.js';
import type { SandboxWorld } from './sandbox-world.js';

/** The totals of a set of orders. */
export interface LedgerLine {
  /** The ids of all orders, oldest first. */
  readonly orderIds: readonly string[];
  /**
   * The ids of the orders that have, or may still get, a courier: `ASSIGNING_DRIVER`, `ON_GOING`, `PICKED_UP`,
   * `DELIVERING`. More than one for the same goods is a double booking.
   */
  readonly live: readonly string[];
  readonly completed: readonly string[];
  /** The amounts paid and not refunded, by currency: decimal strings. */
  readonly spent: Readonly<Record<string, string>>;
}

/** The real number of live couriers and the real amount spent. Compare the integration under test with it. */
export interface Ledger {
  readonly total: LedgerLine;
  readonly byQuotation: Readonly<Record<string, LedgerLine>>;
  /** By key and value of the orders' metadata, e.g. `byMetadata.reference['A-1']`. */
  readonly byMetadata: Readonly<Record<string, Readonly<Record<string, LedgerLine>>>>;
}

/** The totals of all orders whose metadata contain these values. */
export function ledgerFor(world: SandboxWorld, metadata: Readonly<Record<string, string>>): LedgerLine {
  const wanted = Object.entries(metadata);
  const isMeant = ({ order }: OrderEntry): boolean =>
    wanted.every(([key, value]) => new Map(Object.entries(order.metadata ?? {})).get(key) === value);
  return ledgerLine([...world.state.orders.values()].filter(isMeant), world);
}

/** The totals of all orders. */
export function ledgerOf(world: SandboxWorld): Ledger {
  const orders = [...world.state.orders.values()];
  const line = (entries: readonly OrderEntry[]): LedgerLine => ledgerLine(entries, world);
  const byKey = new Map<string, Map<string, OrderEntry[]>>();
  for (const entry of orders) {
    for (const [key, value] of Object.entries(entry.order.metadata ?? {})) {
      const values = byKey.get(key) ?? new Map<string, OrderEntry[]>();
      byKey.set(key, values);
      put(values, value, entry);
    }
  }
  const byQuotation = new Map<string, OrderEntry[]>();
  for (const entry of orders) put(byQuotation, entry.order.quotationId, entry);
  return {
    total: line(orders),
    byQuotation: mapped(byQuotation, line),
    byMetadata: mapped(byKey, (values) => mapped(values, line)),
  };
}

function ledgerLine(entries: readonly OrderEntry[], world: SandboxWorld): LedgerLine {
  const ids = (are: (entry: OrderEntry) => boolean): string[] => entries.filter(are).map(({ order }) => order.orderId);
  const spent = new Map<string, { units: number; decimals: number }>();
  for (const { tenant, charged } of entries) {
    const { currency, decimals } = world.facts(tenant);
    spent.set(currency, { units: (spent.get(currency)?.units ?? 0) + charged, decimals });
  }
  return {
    orderIds: ids(() => true),
    live: ids(({ order }) => LIVE_STATUSES.has(order.status)),
    completed: ids(({ order }) => order.status === 'COMPLETED'),
    spent: mapped(spent, ({ units, decimals }) => formatAmount(units, { decimals })),
  };
}

function put(lists: Map<string, OrderEntry[]>, key: string, entry: OrderEntry): void {
  const list = lists.get(key);
  if (list) list.push(entry);
  else lists.set(key, [entry]);
}

function mapped<T, U>(entries: ReadonlyMap<string, T>, value: (entry: T) => U): Record<string, U> {
  return Object.fromEntries([...entries].map(([key, entry]) => [key, value(entry)]));
}
