import { filter, map, merge, type Observable } from 'rxjs';
import type { Order } from '../../api/answers/order.js';
import { isRecord } from '../../internal/is-record.js';
import { DeliveryNotFoundException } from '../delivery.exceptions.js';
import { accountName } from '../delivery.js';
import { positionOf, type DeliveryPosition } from '../delivery-position.js';
import type { DeliveryKey } from '../dto/method-inputs.js';
import type { DeliveryEvent } from '../events/delivery-event.js';
import type { DeliveryRecord } from '../storage/delivery-record.js';
import { readDeliveryEvent } from '../storage/read-delivery-event.js';
import type { DeliveryTransactions } from './delivery-transactions.js';
import type { DriverReading, DriverReads } from './driver-reads.js';
import type { OrderReads } from './order-reads.js';
import type { UnreadableRows } from './unreadable-rows.js';

/** The dependencies of {@link TrackedDeliveries}. */
export interface TrackedDeliveriesParts {
  readonly deliveries: DeliveryTransactions;
  readonly unreadable: UnreadableRows;
  readonly drivers: DriverReads;
  readonly orders: OrderReads;
  readonly now: () => number;
}

/** The signed data of a webhook that was applied to a delivery. */
export interface TrackedWebhook {
  readonly type: string;
  /** Unix ms. */
  readonly at: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What has happened with a delivery, in the order of storage. */
export interface TrackedHistory {
  readonly events: readonly DeliveryEvent[];
  readonly webhooks: readonly TrackedWebhook[];
}

/** What the pages for recipients read of deliveries. */
export class TrackedDeliveries {
  constructor(private readonly parts: TrackedDeliveriesParts) {}

  /** The current time, in Unix ms by the clock of deliveries. */
  readonly now = (): number => this.parts.now();

  /** @throws DeliveryNotFoundException */
  async get({ account, reference }: DeliveryKey): Promise<DeliveryRecord> {
    const { deliveries, unreadable } = this.parts;
    const record = await unreadable.reported(deliveries.storage.find(account, reference));
    if (!record) throw new DeliveryNotFoundException(reference, accountName(account));
    return record;
  }

  /** A delivery by its id; `undefined` if there is none. */
  async byId(id: string): Promise<DeliveryRecord | undefined> {
    const { deliveries, unreadable } = this.parts;
    return unreadable.reported(deliveries.storage.byId(id));
  }

  /** Its own events and its webhooks. Rows that cannot be read are left out. */
  async history(record: DeliveryRecord): Promise<TrackedHistory> {
    const events: DeliveryEvent[] = [];
    const webhooks: TrackedWebhook[] = [];
    for (const row of await this.parts.deliveries.storage.timeline(record.id)) {
      try {
        if (row.source === 'delivery') events.push(readDeliveryEvent(row, record));
        else webhooks.push({ type: row.type, at: row.occurredAt, data: dataIn(row.payload) });
      } catch {
        // The worker and the outbox report it.
      }
    }
    return { events, webhooks };
  }

  /** What Lalamove says of its driver: see {@link DriverReads.latest}. */
  driver(record: DeliveryRecord): Promise<DriverReading | undefined> {
    return this.parts.drivers.latest(record);
  }

  /** What Lalamove says of its order: see {@link OrderReads.latest}. */
  order(record: DeliveryRecord): Promise<Order | undefined> {
    return this.parts.orders.latest(record);
  }

  /** Where its driver is; `undefined` if that is not known. */
  async position(key: DeliveryKey): Promise<DeliveryPosition | undefined> {
    const reading = await this.driver(await this.get(key));
    return reading && positionOf(reading);
  }

  /**
   * Makes all links to a delivery that exist invalid, in every process.
   *
   * @throws DeliveryNotFoundException
   */
  async revokeLinks(key: DeliveryKey): Promise<void> {
    const { id } = await this.get(key);
    await this.parts.deliveries.change(id, ({ state, progress }) => {
      const revokedLinks = (progress.revokedLinks ?? 0) + 1;
      return { state, progress: { ...progress, revokedLinks }, events: [] };
    });
  }

  /** Emits when a delivery has perhaps changed, in this process or, with PostgreSQL, in another one. */
  changes(id: string): Observable<void> {
    const { committed, storage } = this.parts.deliveries;
    const all: Observable<{ readonly deliveryId: string }> = storage.signals
      ? merge(committed, storage.signals.received)
      : committed;
    return all.pipe(
      filter(({ deliveryId }) => deliveryId === id),
      map(() => undefined),
    );
  }
}

function dataIn(payload: string): Readonly<Record<string, unknown>> {
  const facts: unknown = JSON.parse(payload);
  const data: unknown = isRecord(facts) && typeof facts.data === 'string' ? JSON.parse(facts.data) : undefined;
  return isRecord(data) ? data : {};
}
