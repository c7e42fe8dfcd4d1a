import type { Order } from '../../api/answers/order.js';
import type { DeliveryRecord } from '../storage/delivery-record.js';
import type { DriverReadsParts } from './driver-reads.js';
import { ONE_READ, SharedReads } from './shared-reads.js';

/** An order is read at most this often for its proofs. Webhooks are faster, so this is for those that were lost. */
const REFRESH_MS = 60_000;

const MAX_ORDERS = 2_000;

/**
 * Reads the orders of deliveries for their proofs: at most once a minute for each order, and once for all callers of
 * this process.
 */
export class OrderReads {
  readonly #reads: SharedReads<Order>;

  constructor(private readonly parts: DriverReadsParts) {
    this.#reads = new SharedReads({ everyMs: REFRESH_MS, capacity: MAX_ORDERS, now: parts.now });
  }

  /** The latest answer about the order of a delivery; `undefined` if there is none. It never rejects. */
  async latest({ account, progress }: DeliveryRecord): Promise<Order | undefined> {
    const orderId = progress.order?.orderId;
    if (orderId === undefined) return undefined;
    const found = await this.#reads.latest(JSON.stringify([account, orderId]), async () => {
      const service = await this.parts.services.whenKnown(account);
      const order = await service?.getOrder(orderId, ONE_READ);
      return order?.orderId === orderId ? order : undefined;
    });
    return found?.answer;
  }
}
