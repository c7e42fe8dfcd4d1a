import { Module, type DynamicModule } from '@nestjs/common';
import { LalamoveModule, type LalamoveModuleOptions } from 'nestjs-lalamove';
import { DeliveriesBoardModule } from 'nestjs-lalamove/board';
import { DeliveriesModule, type DeliveriesModuleOptions } from 'nestjs-lalamove/deliveries';
import { DeliveriesTrackingModule } from 'nestjs-lalamove/tracking';
import { randomBytes } from 'node:crypto';
import { DeliveriesController } from './deliveries.controller.js';
import { ShopController } from './shop.controller.js';
import { StaffGuard } from './staff.guard.js';
import { StorefrontController } from './storefront.controller.js';
import { TrackingController } from './tracking.controller.js';

/** The path of the webhook endpoint. */
export const WEBHOOK_PATH = 'webhooks/lalamove';

/** Signs the links to the tracking page. Without a secret in the environment they end with the process. */
const TRACKING_SECRET = process.env.TRACKING_SECRET ?? randomBytes(32).toString('base64url');

@Module({})
export class StorefrontModule {
  /** @param deliveries stored in memory if no file is given */
  static forRoot(
    lalamove: LalamoveModuleOptions,
    deliveries: DeliveriesModuleOptions = { database: { file: ':memory:' } },
  ): DynamicModule {
    return {
      module: StorefrontModule,
      imports: [
        LalamoveModule.forRoot({ ...lalamove, webhook: { path: WEBHOOK_PATH, ...lalamove.webhook } }),
        DeliveriesModule.forRoot(deliveries),
        DeliveriesBoardModule.forRoot({ path: 'board', guard: StaffGuard, user: () => 'staff' }),
        DeliveriesTrackingModule.forRoot({
          path: 'track',
          secret: TRACKING_SECRET,
          brand: { name: 'Noodle shop', support: { phone: '+85221234567' } },
          driverPhone: true,
        }),
      ],
      controllers: [DeliveriesController, ShopController, StorefrontController, TrackingController],
    };
  }
}
