import { Module, type DynamicModule } from '@nestjs/common';
import { LalamoveModule, type LalamoveModuleOptions } from 'nestjs-lalamove';
import { StorefrontController } from './storefront.controller.js';
import { TrackingController } from './tracking.controller.js';

/** Where Lalamove sends its events. */
export const WEBHOOK_PATH = 'webhooks/lalamove';

@Module({})
export class StorefrontModule {
  static forRoot(lalamove: LalamoveModuleOptions): DynamicModule {
    return {
      module: StorefrontModule,
      imports: [LalamoveModule.forRoot({ ...lalamove, webhook: { path: WEBHOOK_PATH, ...lalamove.webhook } })],
      controllers: [StorefrontController, TrackingController],
    };
  }
}
