// app.module.ts
import { Module } from '@nestjs/common';
import { DeliveriesModule } from 'nestjs-lalamove/deliveries';
import { bullmqQueue } from 'nestjs-lalamove/deliveries/bullmq';

export const queue = bullmqQueue({ connection: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' });

@Module({ imports: [DeliveriesModule.forRoot({ queue })] })
export class AppModule {}
