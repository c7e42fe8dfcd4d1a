// app.module.ts
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Module } from '@nestjs/common';
import { LalamoveModule, lalamoveOptionsFromEnv } from 'nestjs-lalamove';
import { ClsModule, ClsService } from 'nestjs-cls';
import { OrdersController } from './orders.controller.js';
import { RequestLogger } from './request-logger.js';
import { Tracking } from './tracking.js';

@Module({
  imports: [
    ClsModule.forRoot({
      global: true,
      middleware: {
        mount: true,
        generateId: true,
        idGenerator: ({ headers }: IncomingMessage) => headers['x-request-id']?.toString() ?? randomUUID(),
      },
    }),
    LalamoveModule.forRootAsync({
      inject: [ClsService],
      useFactory: (cls: ClsService) => ({ ...lalamoveOptionsFromEnv(), logger: new RequestLogger(cls) }),
      webhook: { path: 'webhooks/lalamove' },
    }),
  ],
  controllers: [OrdersController],
  providers: [Tracking],
})
export class AppModule {}
