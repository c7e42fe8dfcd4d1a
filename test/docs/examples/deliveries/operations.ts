import { Injectable, Module, type DynamicModule } from '@nestjs/common';
import { sql } from 'kysely';
import type { LalamoveCredentials } from 'nestjs-lalamove';
import { DeliveriesModule, DeliveriesService, type BookDeliveryDto } from 'nestjs-lalamove/deliveries';

interface ShopOrder {
  id: string;
}

@Injectable()
export class DeliveryExamples {
  constructor(private readonly deliveries: DeliveriesService) {}

  async bookWithOrder(delivery: BookDeliveryDto): Promise<void> {
    await this.deliveries.database.transaction().execute(async (trx) => {
      await trx.withTables<{ shop_orders: ShopOrder }>().insertInto('shop_orders').values({ id: 'A-1' }).execute();
      await this.deliveries.book(delivery, { trx });
    });
  }

  async follow(reference: string, orderId: string): Promise<void> {
    await this.deliveries.resolve(reference, { orderId }); // the order exists: follow it
  }

  async rebook(reference: string): Promise<void> {
    // There certainly is no order: book again.
    await this.deliveries.resolve(reference, { rebook: true, maxPrice: '300' });
  }

  async rebookAsShown(reference: string, shownUpdatedAt: string): Promise<void> {
    await this.deliveries.resolve(reference, { rebook: true }, { ifUnmodifiedSince: shownUpdatedAt });
  }

  async correct(reference: string, phone: string): Promise<void> {
    await this.deliveries.resolve(reference, { rebook: true, changes: { recipients: [{ phone }] }, by: 'clerk-7' });
  }

  async end(reference: string): Promise<void> {
    await this.deliveries.resolve(reference, { cancel: true }); // there certainly is no order: end it
  }

  async bookForMerchant(delivery: BookDeliveryDto): Promise<void> {
    await this.deliveries.book({ ...delivery, account: 'merchant-7' });
  }

  async bookWithoutDriverChange(delivery: BookDeliveryDto): Promise<void> {
    await this.deliveries.book({ ...delivery, policy: { changeDriver: false } });
  }

  async backup(): Promise<void> {
    await this.deliveries.backup('backups/monday.db');
  }

  async compact(): Promise<void> {
    await sql`vacuum`.execute(this.deliveries.database);
    await sql`pragma wal_checkpoint(truncate)`.execute(this.deliveries.database);
  }
}

/** Where a host keeps the keys of its merchants. */
@Injectable()
export class Vault {
  readonly keys = new Map<string, LalamoveCredentials>();

  lalamoveKeys(merchant: string): LalamoveCredentials | undefined {
    return this.keys.get(merchant);
  }
}

@Module({ providers: [Vault], exports: [Vault] })
export class VaultModule {}

export function withMerchants(): DynamicModule {
  return DeliveriesModule.forRootAsync({
    imports: [VaultModule],
    inject: [Vault],
    useFactory: (vault: Vault) => ({
      accounts: { resolve: (merchant) => vault.lalamoveKeys(merchant) }, // { apiKey, apiSecret, market }, or undefined
    }),
  });
}

export function withPolicy(): DynamicModule {
  return DeliveriesModule.forRoot({
    policy: { rebook: { maxAttempts: 2 }, raiseFee: [{ afterMinutes: 10, priorityFee: '20' }] },
  });
}
