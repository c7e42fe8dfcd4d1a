import { Module } from '@nestjs/common';
import { LalamoveModule, lalamoveOptionsFromEnv } from 'nestjs-lalamove';
import { DeliveriesModule } from 'nestjs-lalamove/deliveries';
import { DeliveriesController } from './deliveries.controller.js';
import { OrdersController } from './orders.controller.js';

@Module({
  imports: [
    LalamoveModule.forRootAsync({
      useFactory: () => lalamoveOptionsFromEnv(),
      webhook: { path: 'webhooks/lalamove' },
    }),
    DeliveriesModule.forRoot({ database: { file: 'data/deliveries.db' } }),
  ],
  controllers: [OrdersController, DeliveriesController],
})
export class AppModule {}
