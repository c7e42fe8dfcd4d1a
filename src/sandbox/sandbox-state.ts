import type { Clock } from '../clock.js';
import type { Driver } from '../dto/driver.js';
import type { Order, OrderStatus } from '../dto/order.js';
import type { Quotation } from '../dto/quotation.js';

/** An order with what its answers do not show. */
export interface SandboxOrder {
  readonly market: string;
  /** As `GET /v3/orders/:id` answers it; replaced, never changed. */
  order: Order;
  /** Unix ms. */
  readonly scheduleAt: number;
  /** Unix ms. */
  readonly placedAt: number;
  /** Unix ms of the last match with a driver. */
  matchedAt: number | undefined;
  driver: Driver | undefined;
  edited: boolean;
}

/** A quotation with what its answers do not show. */
export interface SandboxQuotation {
  readonly market: string;
  readonly quotation: Quotation;
  /** Unix ms. */
  readonly scheduleAt: number;
  /** Unix ms. */
  readonly expiresAt: number;
}

/** Which status may follow which (`lalamove-api.md` §3); what is missing is final. */
const NEXT_STATUSES: Readonly<Record<string, readonly OrderStatus[]>> = {
  ASSIGNING_DRIVER: ['ON_GOING', 'CANCELED', 'REJECTED', 'EXPIRED'],
  ON_GOING: ['PICKED_UP', 'ASSIGNING_DRIVER', 'CANCELED', 'REJECTED'],
  PICKED_UP: ['COMPLETED', 'DELIVERING', 'ASSIGNING_DRIVER', 'CANCELED'],
  DELIVERING: ['COMPLETED', 'ASSIGNING_DRIVER', 'CANCELED'],
};

/** Statuses in which an order has no driver, or has lost it. */
const DRIVERLESS = new Set<OrderStatus>(['ASSIGNING_DRIVER', 'CANCELED', 'REJECTED', 'EXPIRED']);

/** Ids are strings of 19 digits, beyond what a JavaScript number holds. */
const FIRST_ID = 3_394_517_965_935_700_001n;

/** Everything that the sandbox remembers. */
export class SandboxState {
  readonly quotations = new Map<string, SandboxQuotation>();
  readonly orders = new Map<string, SandboxOrder>();
  /** The registered webhook URL by market. */
  readonly webhookUrls = new Map<string, string>();
  #lastId = 0n;
  #drivers = 80_000;

  constructor(readonly clock: Clock) {}

  /** A fresh id. */
  nextId(): string {
    this.#lastId += 1n;
    return String(FIRST_ID + this.#lastId);
  }

  /**
   * Moves an order to its next status, as a driver or Lalamove would. `ON_GOING` matches a new driver.
   *
   * @throws RangeError for an order that does not exist, or a status that cannot follow
   */
  move(orderId: string, status: OrderStatus): Order {
    const entry = this.orders.get(orderId);
    if (!entry) throw new RangeError(`The sandbox has no order ${orderId}.`);
    const from = entry.order.status;
    const allowed = NEXT_STATUSES[from] ?? [];
    if (!allowed.includes(status)) {
      throw new RangeError(
        `An order cannot go from ${from} to ${status}: next can be ${allowed.join(', ') || 'nothing'}.`,
      );
    }
    if (status === 'ON_GOING') this.#match(entry);
    if (DRIVERLESS.has(status)) entry.driver = undefined;
    const driverId = entry.driver?.driverId ?? '';
    entry.order = {
      ...entry.order,
      status,
      driverId,
      stops: entry.order.stops.map((stop) => provenStop(stop, status, this.clock)),
    };
    return entry.order;
  }

  #match(entry: SandboxOrder): void {
    this.#drivers += 1;
    const number = String(this.#drivers);
    const start = entry.order.stops[0]?.coordinates ?? { lat: '0', lng: '0' };
    entry.matchedAt = this.clock.now();
    entry.driver = {
      driverId: number,
      name: `TestDriver ${number.slice(-3)}`,
      phone: `+8529${number.padStart(7, '0')}`,
      plateNumber: `**${number.slice(-3)}*`,
      photo: '',
      coordinates: { ...start, updatedAt: writtenTime(this.clock.now()) },
    };
  }
}

/** A time as Lalamove's REST answers write it: UTC, with two constant decimals. */
export function writtenTime(unixMs: number): string {
  return `${new Date(unixMs).toISOString().slice(0, 19)}.00Z`;
}

/** A completed order has its proofs, where they were asked for. */
function provenStop(stop: Order['stops'][number], status: OrderStatus, clock: Clock): Order['stops'][number] {
  if (status !== 'COMPLETED' || stop.POD?.status !== 'PENDING') return stop;
  return {
    ...stop,
    POD: { status: 'DELIVERED', image: 'https://example.com/pod.png', deliveredAt: writtenTime(clock.now()) },
  };
}
