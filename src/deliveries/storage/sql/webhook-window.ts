import { sql, type SqlBool } from 'kysely';
import type { WebhookPlace } from '../inbox-storage.js';
import { IS_WAITING, type DeliveriesKysely } from './deliveries-schema.js';

/** The last place of the next `size` webhooks after a place; `undefined` if there are fewer. */
export function windowEnd(
  db: DeliveriesKysely,
  { receivedAt, id }: WebhookPlace,
  size: number,
): Promise<WebhookPlace | undefined> {
  return db
    .selectFrom('delivery_events')
    .select(['received_at as receivedAt', 'id'])
    .where(IS_WAITING)
    .where(sql<SqlBool>`(received_at, id) > (${receivedAt}, ${id})`)
    .orderBy('received_at')
    .orderBy('id')
    .limit(1)
    .offset(size - 1)
    .executeTakeFirst();
}
