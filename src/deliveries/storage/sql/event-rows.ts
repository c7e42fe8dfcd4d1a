import type { DeliveryEvent } from '../../events/delivery-event.js';
import type { DeliveryRecord } from '../delivery-record.js';
import { readDeliveryEvent } from '../read-delivery-event.js';
import type { NewStoredEvent } from '../stored-types.js';
import type { DeliveriesKysely } from './deliveries-schema.js';
import type { DispatchOf } from './dispatch-columns.js';

/** Appends events to the timeline of a delivery. */
export async function insertEvents(
  trx: DeliveriesKysely,
  record: DeliveryRecord,
  events: readonly NewStoredEvent[],
  at: number,
  dispatchOf: DispatchOf,
): Promise<DeliveryEvent[]> {
  const stored: DeliveryEvent[] = [];
  for (const { event, isWanted } of events) {
    const payload = JSON.stringify({ ...event, state: record.state });
    const { id } = await trx
      .insertInto('delivery_events')
      .values({
        delivery_id: record.id,
        account: record.account,
        source: 'delivery',
        type: event.type,
        occurred_at: at,
        received_at: at,
        payload,
        applied_at: at,
        ...dispatchOf({ source: 'delivery', type: event.type, isWanted, at }),
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    stored.push(readDeliveryEvent({ id, payload, occurredAt: at }, record));
  }
  return stored;
}
