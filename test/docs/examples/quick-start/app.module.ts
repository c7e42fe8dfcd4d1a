import { Module } from '@nestjs/common';
import { LalamoveModule, lalamoveOptionsFromEnv } from 'nestjs-lalamove';
import { OrdersController } from './orders.controller.js';

@Module({
  imports: [
    LalamoveModule.forRootAsync({
      useFactory: () => lalamoveOptionsFromEnv(),
      webhook: { path: 'webhooks/lalamove' },
    }),
  ],
  controllers: [OrdersController],
})
export class AppModule {}
