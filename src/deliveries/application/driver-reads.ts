import type { Driver } from '../../api/answers/driver.js';
import type { DeliveryState } from '../domain/delivery-progress.js';
import type { DeliveryRecord } from '../storage/delivery-record.js';
import type { AccountServices } from './account-services.js';
import { ONE_READ, SharedReads } from './shared-reads.js';

/** Lalamove refreshes a driver's position this often, so reading it more often shows nothing new. */
const REFRESH_MS = 10_000;

const MAX_DRIVERS = 5_000;

/** A driver, and when the answer was read: Unix ms by our clock. */
export interface DriverReading {
  readonly driver: Driver;
  readonly readAt: number;
}

/** The dependencies of {@link DriverReads}. */
export interface DriverReadsParts {
  readonly services: Pick<AccountServices, 'whenKnown'>;
  readonly now: () => number;
}

const UNDER_WAY: ReadonlySet<DeliveryState> = new Set(['on_going', 'picked_up']);

/**
 * Reads the drivers of deliveries that are under way: at most every 10 seconds for each delivery, and once for all
 * callers of this process.
 */
export class DriverReads {
  readonly #reads: SharedReads<Driver>;

  constructor(private readonly parts: DriverReadsParts) {
    this.#reads = new SharedReads({ everyMs: REFRESH_MS, capacity: MAX_DRIVERS, now: parts.now });
  }

  /**
   * The latest answer about the driver of a delivery.
   *
   * @returns `undefined` if the delivery has no driver, is not under way, or nothing was read yet. It never rejects
   */
  async latest({ id, account, state, progress: { order } }: DeliveryRecord): Promise<DriverReading | undefined> {
    if (!order || order.driverId === '' || !UNDER_WAY.has(state)) return undefined;
    const { orderId, driverId } = order;
    const found = await this.#reads.latest(JSON.stringify([id, orderId, driverId]), async () => {
      const service = await this.parts.services.whenKnown(account);
      const driver = await service?.getDriver(orderId, driverId, ONE_READ);
      return driver?.driverId === driverId ? driver : undefined;
    });
    return found && { driver: found.answer, readAt: found.readAt };
  }
}
