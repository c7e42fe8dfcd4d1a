// worker.module.ts
import { Module } from '@nestjs/common';
import { LalamoveModule, lalamoveOptionsFromEnv } from 'nestjs-lalamove';
import { DeliveriesModule } from 'nestjs-lalamove/deliveries';
import { postgresStorage } from 'nestjs-lalamove/deliveries/postgres';

const storage = postgresStorage({ connectionString: process.env.DATABASE_URL ?? 'postgres://localhost/app' });

/** For the processes that answer requests: they book and receive webhooks. */
@Module({
  imports: [
    LalamoveModule.forRootAsync({ useFactory: () => lalamoveOptionsFromEnv(), webhook: { path: 'webhooks/lalamove' } }),
    DeliveriesModule.forRoot({ storage, worker: false }),
  ],
})
export class WebModule {}

/** For the processes that work: await NestFactory.createApplicationContext(WorkerModule) */
@Module({
  imports: [
    LalamoveModule.forRootAsync({ useFactory: () => lalamoveOptionsFromEnv() }),
    DeliveriesModule.forWorker({ storage }),
  ],
  // providers: [your classes with @OnDelivery]
})
export class WorkerModule {}
