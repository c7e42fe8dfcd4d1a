// app.module.ts
import { Module } from '@nestjs/common';
import { LalamoveModule, lalamoveOptionsFromEnv } from 'nestjs-lalamove';
import { OrdersController } from './orders.controller.js';

@Module({
  imports: [LalamoveModule.forRootAsync({ useFactory: () => lalamoveOptionsFromEnv() })],
  controllers: [OrdersController],
})
export class AppModule {}
