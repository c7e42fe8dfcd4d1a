import type { OrderStatus } from '../../api/order-status.js';
import type { OrderStop } from '../../api/answers/order.js';
import type { CancelParty } from '../simulation/driver-script.js';
import { newCourier } from './couriers.js';
import { hasDeliveryCode } from './delivery-code.js';
import { shareLink } from './share-link.js';
import { DRIVERLESS_STATUSES, LIVE_STATUSES } from '../../api/order-status.js';
import { type OrderEntry } from './order-entry.js';
import type { SandboxWorld } from './sandbox-world.js';
import type { Wallets } from './wallets.js';
import { formatTime } from './format-time.js';
import { PROOFS_PATH, proofFile } from './proof-picture.js';

/** How long a courier is searched for, counted from placing, from `scheduleAt`, or from the first rejection. */
export const SOUGHT_MS = 2 * 3_600_000;

/** The statuses that can follow each status (API v3, "Order status"). A status that is not listed is final. */
const NEXT_STATUSES: ReadonlyMap<OrderStatus, readonly OrderStatus[]> = new Map<OrderStatus, readonly OrderStatus[]>([
  ['ASSIGNING_DRIVER', ['ON_GOING', 'CANCELED', 'REJECTED', 'EXPIRED']],
  ['ON_GOING', ['PICKED_UP', 'ASSIGNING_DRIVER', 'CANCELED', 'REJECTED']],
  ['PICKED_UP', ['COMPLETED', 'DELIVERING', 'ASSIGNING_DRIVER', 'CANCELED', 'REJECTED']],
  ['DELIVERING', ['COMPLETED', 'ASSIGNING_DRIVER', 'CANCELED', 'REJECTED']],
]);

/** Who ends an order, and why. */
export interface Cancellation {
  readonly cancelParty?: CancelParty | undefined;
  readonly cancelReason?: string | undefined;
}

/** The orders and their changes. Each method changes an order, settles the wallet and emits the events. */
export class OrderBook {
  constructor(
    private readonly world: SandboxWorld,
    private readonly wallets: Wallets,
  ) {}

  /**
   * Finds an order.
   *
   * @throws RangeError if the order does not exist
   */
  get(orderId: string): OrderEntry {
    const entry = this.world.state.orders.get(orderId);
    if (!entry) throw new RangeError(`The sandbox has no order ${orderId}.`);
    return entry;
  }

  /** Adds a new order and charges the wallet. */
  place(entry: OrderEntry, total: number): void {
    this.world.state.orders.set(entry.order.orderId, entry);
    this.#seek(entry);
    // The wallet event comes first (observed).
    this.wallets.settle(entry, total);
    this.world.emit({ type: 'ORDER_CREATED', entry });
    this.world.emit({ type: 'ORDER_STATUS_CHANGED', entry, previousStatus: '' });
  }

  /** A courier accepts the order. */
  accept(entry: OrderEntry): void {
    this.#require(entry, 'ON_GOING');
    entry.courier = newCourier(this.world, entry);
    entry.matchedAt = this.world.clock.now();
    entry.arrivedAt = undefined;
    this.#change(entry, 'ON_GOING');
    this.world.emit({ type: 'DRIVER_ASSIGNED', entry });
  }

  /** The courier gives the order back. After `maxRejections` times the order is `REJECTED`. */
  reject(entry: OrderEntry): void {
    if (!entry.courier) throw cannot(entry, 'it has no driver');
    this.#require(entry, 'REJECTED');
    entry.rejections += 1;
    if (entry.rejections >= this.world.settings.maxRejections) this.end(entry, 'REJECTED');
    else this.releaseDriver(entry);
  }

  /** Removes the courier. The 2 hours count from the first time; if they are over, they start again. */
  releaseDriver(entry: OrderEntry): void {
    this.#require(entry, 'ASSIGNING_DRIVER');
    const now = this.world.clock.now();
    entry.firstReturnAt ??= now;
    const isOver = entry.firstReturnAt + SOUGHT_MS <= now;
    this.#seekFrom(entry, isOver ? now : entry.firstReturnAt);
  }

  /** Removes the courier at the customer's request. */
  seekAnother(entry: OrderEntry): void {
    this.#require(entry, 'ASSIGNING_DRIVER');
    this.#seekFrom(entry, this.world.clock.now());
  }

  #seekFrom(entry: OrderEntry, since: number): void {
    entry.soughtSince = Math.max(since, entry.scheduleAt);
    entry.matchedAt = undefined;
    entry.arrivedAt = undefined;
    this.#change(entry, 'ASSIGNING_DRIVER');
    this.#seek(entry);
  }

  /** The courier is at the pick-up. */
  arrive(entry: OrderEntry): void {
    if (entry.order.status !== 'ON_GOING') throw cannot(entry, 'no courier is on the way to its pick-up');
    entry.arrivedAt ??= this.world.clock.now();
  }

  /** The courier has the goods on board. */
  pickUp(entry: OrderEntry): void {
    this.#require(entry, 'PICKED_UP');
    this.arrive(entry);
    const imageUrls = [this.#proofImage(entry, 0)];
    const POP = { imageUrls, pickedUpAt: formatTime(this.world.clock.now()) };
    const { order } = entry;
    const stops = order.stops.map((stop, index) => (index === 0 ? { ...stop, POP } : stop));
    if (entry.isProofEnabled) entry.order = { ...order, stops };
    this.#change(entry, 'PICKED_UP');
    if (entry.isProofEnabled) this.world.emit({ type: 'POP_STATUS_CHANGED', entry, imageUrls });
  }

  #proofImage({ order }: OrderEntry, stop: number): string {
    return `${this.world.url}${PROOFS_PATH}${proofFile(order.orderId, stop)}`;
  }

  /** The courier leaves the pick-up, in markets that have the status `DELIVERING`. */
  setOff(entry: OrderEntry): void {
    this.#require(entry, 'DELIVERING');
    this.#change(entry, 'DELIVERING');
  }

  /**
   * Checks that the goods are on board.
   *
   * @throws RangeError if they are not
   */
  requireOnBoard(entry: OrderEntry): void {
    const { status } = entry.order;
    if (status !== 'PICKED_UP' && status !== 'DELIVERING') throw cannot(entry, 'its goods are not on board');
  }

  /** A drop-off is delivered or has failed. `stop` 1 is the first drop-off. */
  finishStop(entry: OrderEntry, stop: number, status: 'DELIVERED' | 'SIGNED' | 'FAILED'): void {
    this.requireOnBoard(entry);
    const { order } = entry;
    const found = order.stops[stop];
    if (stop < 1 || !found) throw cannot(entry, `it has no drop-off ${stop}`);
    if (entry.finished.includes(stop)) throw cannot(entry, `its drop-off ${stop} is finished already`);
    const deliveredAt = formatTime(this.world.clock.now());
    const proof = { status, image: this.#proofImage(entry, stop), deliveredAt };
    const POD = status === 'FAILED' ? { status } : proof;
    const code = status !== 'FAILED' && hasDeliveryCode(found) ? found.delivery_code : undefined;
    const finished: OrderStop = {
      ...found,
      ...(entry.isProofEnabled && { POD }),
      ...(code && { delivery_code: { value: code.value, status: 'Verified' } }),
    };
    entry.order = { ...order, stops: order.stops.map((each, index) => (index === stop ? finished : each)) };
    entry.finished = [...entry.finished, stop];
    if (code) this.world.emit({ type: 'DELIVERY_CODE_STATUS_CHANGED', entry });
    if (entry.isProofEnabled) this.world.emit({ type: 'POD_STATUS_CHANGED', entry });
  }

  /** The order is completed. Drop-offs that are still open count as delivered. */
  complete(entry: OrderEntry): void {
    this.#require(entry, 'COMPLETED');
    for (const stop of openStops(entry)) this.finishStop(entry, stop, 'DELIVERED');
    this.#change(entry, 'COMPLETED');
  }

  /** The order ends without a delivery, and is refunded. */
  end(entry: OrderEntry, status: 'CANCELED' | 'REJECTED' | 'EXPIRED', by: Cancellation = {}): void {
    this.#require(entry, status);
    this.#change(entry, status, by);
  }

  /** Books a new order in place of one that customer service has cancelled. The amount paid moves to it. */
  replace(entry: OrderEntry): OrderEntry {
    const orderId = this.world.nextId();
    const now = this.world.clock.now();
    const { order } = entry;
    const clone: OrderEntry = {
      ...structuredClone(entry),
      order: {
        ...order,
        orderId,
        status: 'ASSIGNING_DRIVER',
        driverId: '',
        shareLink: shareLink(this.world, entry.tenant, orderId, entry.language),
        stops: order.stops.map(reopened),
      },
      isBeingReplaced: false,
      placedAt: now,
      soughtSince: Math.max(now, entry.scheduleAt),
      firstReturnAt: undefined,
      matchedAt: undefined,
      arrivedAt: undefined,
      rejections: 0,
      courier: undefined,
      finished: [],
      replaces: entry.order.orderId,
    };
    entry.replacedBy = orderId;
    const { charged } = entry;
    entry.charged = 0;
    this.world.emit({ type: 'ORDER_REPLACED', entry: clone, prevOrderId: entry.order.orderId });
    this.place(clone, charged);
    return clone;
  }

  /** Changes the route and the price. */
  edit(entry: OrderEntry, changes: Pick<OrderEntry, 'order' | 'contacts' | 'metres'>, total: number): void {
    const previousStops = entry.order.stops;
    Object.assign(entry, changes, { isEdited: true });
    this.world.emit({ type: 'ORDER_EDITED', entry, previousStops, editParty: 'USER' });
    this.reprice(entry, entry.order.priceBreakdown, total);
  }

  /** Changes the price. */
  reprice(entry: OrderEntry, priceBreakdown: OrderEntry['order']['priceBreakdown'], total: number): void {
    entry.order = { ...entry.order, priceBreakdown };
    this.wallets.settle(entry, total);
    this.world.emit({ type: 'ORDER_AMOUNT_CHANGED', entry });
  }

  /**
   * Moves an order to its next status.
   *
   * @throws RangeError if the status cannot follow
   */
  move(entry: OrderEntry, status: OrderStatus): void {
    this.#require(entry, status);
    if (status === 'ON_GOING') this.accept(entry);
    else if (status === 'ASSIGNING_DRIVER') this.releaseDriver(entry);
    else if (status === 'PICKED_UP') this.pickUp(entry);
    else if (status === 'DELIVERING') this.setOff(entry);
    else if (status === 'COMPLETED') this.complete(entry);
    else if (status === 'CANCELED') this.end(entry, 'CANCELED', { cancelParty: 'LALAMOVE_CUSTOMER_SUPPORT' });
    else if (status === 'REJECTED') this.end(entry, 'REJECTED');
    else this.end(entry, 'EXPIRED');
  }

  /** Ends an order for which no courier was found in time. */
  expire(entry: OrderEntry): void {
    const isOver = this.world.clock.now() >= entry.soughtSince + SOUGHT_MS;
    if (entry.order.status === 'ASSIGNING_DRIVER' && isOver) this.end(entry, 'EXPIRED');
  }

  #change(entry: OrderEntry, status: OrderStatus, by: Cancellation = {}): void {
    const previousStatus = entry.order.status;
    if (DRIVERLESS_STATUSES.has(status)) entry.courier = undefined;
    if (!LIVE_STATUSES.has(status)) entry.steps = [];
    entry.order = { ...entry.order, status, driverId: entry.courier?.driverId ?? '' };
    this.world.emit({ type: 'ORDER_STATUS_CHANGED', entry, previousStatus, ...by });
    if (!LIVE_STATUSES.has(status) && !entry.isBeingReplaced) this.wallets.settle(entry, entry.charged);
  }

  #seek(entry: OrderEntry): void {
    this.world.scheduler.add({ at: entry.soughtSince + SOUGHT_MS, kind: 'expiry', orderId: entry.order.orderId });
  }

  #require(entry: OrderEntry, next: OrderStatus): void {
    const { status } = entry.order;
    const { hasDelivering } = this.world.facts(entry.tenant);
    const allowed = (NEXT_STATUSES.get(status) ?? []).filter((each) => each !== 'DELIVERING' || hasDelivering);
    if (!allowed.includes(next)) {
      const known = allowed.length > 0 ? `next can be ${allowed.join(', ')}` : 'that is final';
      throw new RangeError(`The order ${entry.order.orderId} cannot go from ${status} to ${next}: ${known}.`);
    }
  }
}

/** The drop-offs that are neither delivered nor failed; 1 is the first. */
export function openStops({ order, finished }: OrderEntry): number[] {
  return order.stops.map((_, index) => index).filter((index) => index > 0 && !finished.includes(index));
}

function reopened(stop: OrderStop): OrderStop {
  const rest = { ...stop };
  delete rest.POP;
  return {
    ...rest,
    ...(stop.POD && { POD: { status: 'PENDING' } }),
    ...(stop.delivery_code &&
      hasDeliveryCode(stop) && { delivery_code: { value: stop.delivery_code.value, status: 'Pending' } }),
  };
}

function cannot({ order }: OrderEntry, why: string): RangeError {
  return new RangeError(`The order ${order.orderId} (${order.status}) does not allow this: ${why}.`);
}
