import { Module, type DynamicModule } from '@nestjs/common';
import { LalamoveModule, type LalamoveModuleOptions } from 'nestjs-lalamove';
import { DeliveriesModule, type DeliveriesModuleOptions } from 'nestjs-lalamove/deliveries';
import { DeliveriesController } from './deliveries.controller.js';
import { StorefrontController } from './storefront.controller.js';
import { TrackingController } from './tracking.controller.js';

/** The path of the webhook endpoint. */
export const WEBHOOK_PATH = 'webhooks/lalamove';

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
      ],
      controllers: [DeliveriesController, StorefrontController, TrackingController],
    };
  }
}
