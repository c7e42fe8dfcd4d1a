import type { DynamicModule } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { DeliveriesTrackingModule } from 'nestjs-lalamove/tracking';

export const fromConfig = (): DynamicModule =>
  DeliveriesTrackingModule.forRootAsync({
    path: 'track',
    inject: [ConfigService],
    useFactory: (config: ConfigService) => ({
      secret: config.getOrThrow<string>('TRACKING_SECRET'),
      brand: { name: 'Corner Bakery' },
    }),
  });
