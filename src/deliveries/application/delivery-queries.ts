import type { Observable } from 'rxjs';
import type { DeliveriesMetrics } from '../deliveries-metrics.js';
import { DeliveryNotFoundException } from '../delivery.exceptions.js';
import { accountName, deliveryOf, type Delivery, type DeliveryPage } from '../delivery.js';
import type { DeliveryKey, ListQuery } from '../dto/method-inputs.js';
import type { DeliveryEvent } from '../events/delivery-event.js';
import type { DeliveryRecord } from '../storage/delivery-record.js';
import { readDeliveryEvent } from '../storage/read-delivery-event.js';
import type { StoredEvent } from '../storage/stored-types.js';
import type { TimelineEntry } from '../timeline-entry.js';
import type { DeliveryTransactions } from './delivery-transactions.js';
import type { UnreadableRows } from './unreadable-rows.js';
import { watchDelivery } from './watch-delivery.js';

/** The dependencies of {@link DeliveryQueries}. */
export interface DeliveryQueriesParts {
  readonly deliveries: Pick<DeliveryTransactions, 'storage' | 'committed'>;
  readonly unreadable: UnreadableRows;
  readonly now: () => number;
}

/** The queries of the host. They do not change deliveries. */
export class DeliveryQueries {
  constructor(private readonly parts: DeliveryQueriesParts) {}

  async find(key: DeliveryKey): Promise<Delivery | null> {
    const record = await this.#found(key);
    return record ? deliveryOf(record) : null;
  }

  /** @throws DeliveryNotFoundException */
  async get(key: DeliveryKey): Promise<Delivery> {
    return deliveryOf(await this.#record(key));
  }

  async list(query: ListQuery): Promise<DeliveryPage> {
    const { deliveries, unreadable } = this.parts;
    const { entries, next } = await deliveries.storage.list(query);
    const page = { deliveries: [] as Delivery[], unreadable: [] as DeliveryPage['unreadable'][number][] };
    for (const entry of entries) {
      if ('record' in entry) page.deliveries.push(deliveryOf(entry.record));
      else {
        await unreadable.found(entry.error);
        page.unreadable.push({ reference: entry.reference, account: accountName(entry.account) });
      }
    }
    return { ...page, cursor: next && `${next.createdAt}.${next.id}` };
  }

  /** @throws DeliveryNotFoundException */
  async timeline(key: DeliveryKey): Promise<readonly TimelineEntry[]> {
    const record = await this.#record(key);
    const entries: TimelineEntry[] = [];
    for (const event of await this.parts.deliveries.storage.timeline(record.id)) {
      entries.push(await this.#entryOf(event, record));
    }
    return entries;
  }

  /** @param keyOf returns the key of the delivery. If it throws, the subscriber gets the error */
  watch(keyOf: () => DeliveryKey): Observable<DeliveryEvent> {
    return watchDelivery({ deliveries: this.parts.deliveries, keyOf, find: (key) => this.#record(key) });
  }

  async metrics(): Promise<DeliveriesMetrics> {
    const { deliveries, now } = this.parts;
    const at = now();
    const { oldestPendingAt = at, ...counts } = await deliveries.storage.metrics();
    const dueAt = (await deliveries.storage.oldestDue(at)) ?? at;
    return { ...counts, lagMs: Math.max(0, at - dueAt), outboxLagMs: Math.max(0, at - oldestPendingAt) };
  }

  async #record(key: DeliveryKey): Promise<DeliveryRecord> {
    const record = await this.#found(key);
    if (!record) throw new DeliveryNotFoundException(key.reference, accountName(key.account));
    return record;
  }

  #found({ account, reference }: DeliveryKey): Promise<DeliveryRecord | undefined> {
    const { deliveries, unreadable } = this.parts;
    return unreadable.reported(deliveries.storage.find(account, reference));
  }

  async #entryOf(event: StoredEvent, record: DeliveryRecord): Promise<TimelineEntry> {
    const at = isoOf(event.occurredAt);
    const { source, type: eventType, receivedAt, orderId } = event;
    if (source === 'webhook') return { source, at, eventType, receivedAt: isoOf(receivedAt), orderId };
    try {
      return { source, at, event: readDeliveryEvent(event, record) };
    } catch (error) {
      if (!(await this.parts.unreadable.found(error))) throw error;
      return { source: 'unreadable', at, eventType, eventId: event.id };
    }
  }
}

/** Formats a time as ISO 8601, UTC; empty for an invalid time from a damaged row. */
function isoOf(ms: number): string {
  const at = new Date(ms);
  return Number.isNaN(at.valueOf()) ? '' : at.toISOString();
}
