// app.module.ts
import { Module } from '@nestjs/common';
import { LalamoveModule, lalamoveOptionsFromEnv } from 'nestjs-lalamove';
import { DeliveriesModule } from 'nestjs-lalamove/deliveries';
import { MerchantCouriers } from './merchant-couriers.js';
import { Merchants, MerchantsModule } from './merchants.js';

@Module({
  imports: [
    MerchantsModule,
    LalamoveModule.forRootAsync({
      imports: [MerchantsModule],
      inject: [Merchants],
      useFactory: (merchants: Merchants) => {
        const options = lalamoveOptionsFromEnv();
        const resolveAccount = async (apiKey: string) => {
          const merchant = await merchants.byApiKey(apiKey);
          return merchant && { secrets: merchant.apiSecret, account: merchant.id };
        };
        return { ...options, webhook: { ...options.webhook, path: 'webhooks/lalamove', resolveAccount } };
      },
    }),
    DeliveriesModule.forRootAsync({
      imports: [MerchantsModule],
      inject: [Merchants],
      useFactory: (merchants: Merchants) => ({
        database: { file: 'data/deliveries.db' },
        accounts: { resolve: (merchantId) => merchants.byId(merchantId) },
      }),
    }),
  ],
  providers: [MerchantCouriers],
})
export class AppModule {}
