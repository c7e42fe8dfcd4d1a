import { DeliveryTransactions } from '../../src/deliveries/application/delivery-transactions.js';
import { DEFAULT_POLICY, type DeliveryPolicy } from '../../src/deliveries/domain/delivery-policy.js';
import type { DeliveryRecord } from '../../src/deliveries/storage/delivery-record.js';
import type { DeliveriesStorage } from '../../src/deliveries/storage/storage.js';

/** The transactions on the deliveries of a storage, like those of an app. */
export function deliveriesOn(
  { storage }: { readonly storage: DeliveriesStorage },
  now: () => number,
  policy: Partial<DeliveryPolicy> = {},
): DeliveryTransactions {
  return new DeliveryTransactions({ storage, policy: { ...DEFAULT_POLICY, ...policy }, now });
}

/** A delivery by its id. */
export function deliveryById({ storage }: DeliveryTransactions, id: string): Promise<DeliveryRecord | undefined> {
  return storage.transact((trx) => trx.lock(id));
}
