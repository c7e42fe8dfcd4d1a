import type { DeliveryRecord } from '../delivery-record.js';
import type { StoredWebhook } from '../inbox-storage.js';
import type { Erasure, LeaseChange } from '../stored-types.js';
import type { DeliveriesKysely } from '../sql/deliveries-schema.js';
import { deliveryById } from '../sql/delivery-queries.js';
import { changedColumns } from '../sql/delivery-rows.js';
import { eraseDelivery } from '../sql/erase-delivery.js';
import { SqlTransaction } from '../sql/sql-transaction.js';
import { pendingWebhookQuery, pendingWebhooksQuery } from '../sql/webhook-rows.js';
import { shiftStoredTimes } from './shift-stored-times.js';

/** A transaction on the only connection. No other transaction runs at the same time, so no row needs a lock. */
export class SqliteTransaction extends SqlTransaction {
  /** @param now the clock for leases: Unix ms */
  constructor(
    trx: DeliveriesKysely,
    private readonly now: () => number,
  ) {
    super(trx);
  }

  /** Does nothing: another file is found before a write. */
  async refuseIfRestored(): Promise<void> {
    // See above.
  }

  lock(deliveryId: string): Promise<DeliveryRecord | undefined> {
    return deliveryById(this.trx, deliveryId);
  }

  async lockFree(deliveryId: string): Promise<DeliveryRecord | undefined> {
    const record = await this.lock(deliveryId);
    const isHeld = record?.leaseUntil !== undefined && record.leaseUntil > this.now();
    return isHeld ? undefined : record;
  }

  async save(before: DeliveryRecord, after: DeliveryRecord, lease?: LeaseChange): Promise<DeliveryRecord> {
    const saved = lease === undefined ? after : { ...after, ...this.#leased(lease) };
    const columns = changedColumns(before, saved);
    if (Object.keys(columns).length > 0) {
      await this.trx.updateTable('deliveries').set(columns).where('id', '=', before.id).execute();
    }
    return saved;
  }

  #leased(lease: LeaseChange): Pick<DeliveryRecord, 'leaseToken' | 'leaseUntil'> {
    if (lease === 'release') return { leaseToken: undefined, leaseUntil: undefined };
    return { leaseToken: lease.token, leaseUntil: this.now() + lease.ms };
  }

  erase(deliveryId: string): Promise<Erasure> {
    return eraseDelivery(this.trx, deliveryId);
  }

  shiftTimes(ms: number): Promise<void> {
    return shiftStoredTimes(this.trx, ms);
  }

  async lockWebhook(eventId: number): Promise<boolean> {
    return (await pendingWebhookQuery(this.trx, eventId).executeTakeFirst()) !== undefined;
  }

  async pendingWebhooks(account: string, orderId: string): Promise<readonly StoredWebhook[]> {
    return pendingWebhooksQuery(this.trx, account, orderId).execute();
  }
}
