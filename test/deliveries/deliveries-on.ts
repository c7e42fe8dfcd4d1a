import { DeliveryTransactions } from '../../src/deliveries/application/delivery-transactions.js';
import { DEFAULT_POLICY, type DeliveryPolicy } from '../../src/deliveries/domain/delivery-policy.js';
import type { DeliveryRecord } from '../../src/deliveries/storage/delivery-record.js';
import type { DeliveriesDatabase } from '../../src/deliveries/storage/sqlite/open-database.js';
import { SqliteStorage } from '../../src/deliveries/storage/sqlite/sqlite-storage.js';

/** The transactions on the deliveries of a database, like those of an app. */
export function deliveriesOn(
  database: DeliveriesDatabase,
  now: () => number,
  policy: Partial<DeliveryPolicy> = {},
): DeliveryTransactions {
  const storage = new SqliteStorage(database, now);
  return new DeliveryTransactions({ storage, policy: { ...DEFAULT_POLICY, ...policy }, now });
}

/** A delivery by its id. */
export function deliveryById({ storage }: DeliveryTransactions, id: string): Promise<DeliveryRecord | undefined> {
  return storage.transact((trx) => trx.lock(id));
}
