import { Injectable, Logger, Module, type DynamicModule } from '@nestjs/common';
import {
  LalamoveModule,
  lalamoveOptionsFromEnv,
  OnLalamoveEvent,
  type DriverAssignedEvent,
  type OrderStatusChangedEvent,
  type PodStatusChangedEvent,
} from 'nestjs-lalamove';

@Injectable()
export class Tracking {
  private readonly logger = new Logger('Tracking');

  @OnLalamoveEvent('ORDER_STATUS_CHANGED')
  onStatus({ orderId, status, occurredAt }: OrderStatusChangedEvent): void {
    this.logger.log(`${orderId} is ${status} since ${occurredAt}`);
  }

  @OnLalamoveEvent(['DRIVER_ASSIGNED', 'POD_STATUS_CHANGED'])
  onProgress(event: DriverAssignedEvent | PodStatusChangedEvent): void {
    this.logger.log(`${event.orderId}: ${event.eventType}`);
  }
}

@Module({
  imports: [
    LalamoveModule.forRootAsync({
      useFactory: () => lalamoveOptionsFromEnv(),
      webhook: { path: 'webhooks/lalamove' },
    }),
  ],
  providers: [Tracking],
})
export class AppModule {}

interface Merchants {
  byApiKey(apiKey: string): Promise<{ id: string; apiSecret: string } | undefined>;
}

export function forMerchants(apiKey: string, apiSecret: string, merchants: Merchants): DynamicModule {
  return LalamoveModule.forRoot({
    apiKey,
    apiSecret,
    market: 'HK',
    webhook: {
      path: 'webhooks/lalamove',
      resolveAccount: async (merchantKey) => {
        const merchant = await merchants.byApiKey(merchantKey);
        return merchant && { secrets: merchant.apiSecret, account: merchant.id };
      },
    },
  });
}
