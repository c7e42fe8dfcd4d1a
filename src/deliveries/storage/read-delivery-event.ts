import { isRecord } from '../../internal/is-record.js';
import type { DeliveryEvent } from '../events/delivery-event.js';
import type { DeliveryRecord } from './delivery-record.js';
import type { StoredEvent } from './stored-types.js';
import { assertTime, readJson, type StoredRow } from './unreadable-row.js';

/**
 * Reads a stored event of a delivery.
 *
 * @throws UnreadableRow if the row is damaged, or another version wrote it
 */
export function readDeliveryEvent(
  { id, payload, occurredAt }: Pick<StoredEvent, 'id' | 'payload' | 'occurredAt'>,
  { reference, account }: Pick<DeliveryRecord, 'reference' | 'account'>,
): DeliveryEvent {
  const row: StoredRow = { table: 'delivery_events', id };
  assertTime(occurredAt, row, 'occurred_at');
  const details = readJson(payload, isEventPayload, row, 'payload');
  return {
    ...details,
    id,
    reference,
    account: account === '' ? undefined : account,
    at: new Date(occurredAt).toISOString(),
  };
}

function isEventPayload(value: unknown): value is DeliveryEvent {
  return isRecord(value) && typeof value.type === 'string' && typeof value.state === 'string';
}
