import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { setTimeout as pause } from 'node:timers/promises';
import { LalamoveModule } from '../../../../src/index.js';
import {
  DeliveriesModule,
  DeliveriesService,
  OnDelivery,
  type BookDeliveryDto,
  type DeliveryEvent,
} from '../../../../src/deliveries/index.js';
import { postgresStorage } from '../../../../src/deliveries/storage/postgres/index.js';
import type { SeenEvent, SharedHostCommand, SharedHostPlan } from '../shared-host.js';

// A host of deliveries in PostgreSQL, in a process of its own.

const plan = JSON.parse(process.env.PLAN ?? '') as SharedHostPlan;
const handled: SeenEvent[] = [];
const watched: SeenEvent[] = [];

class Handler {
  @OnDelivery('*')
  async on({ id, reference, type }: DeliveryEvent): Promise<void> {
    handled.push({ id, reference, type, from: Date.now() });
    await pause(5);
  }
}

class HostModule {}
Module({
  imports: [
    LalamoveModule.forRoot({ ...plan.account, market: 'HK', retry: { maxAttempts: 1 }, rateLimit: false }),
    DeliveriesModule.forRoot({
      storage: postgresStorage({ connectionString: plan.url, schema: plan.schema, maxConnections: 5 }),
      sweepSeconds: 1,
      leaseSeconds: 30,
    }),
  ],
  providers: [Handler],
})(HostModule);

async function main(): Promise<void> {
  const app = await NestFactory.create(HostModule, { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  const deliveries = app.get(DeliveriesService);
  const answer = async (command: SharedHostCommand): Promise<unknown> => {
    switch (command.do) {
      case 'book':
        return (await Promise.all(command.bookings.map((one: BookDeliveryDto) => deliveries.book(one)))).length;
      case 'watch':
        deliveries.watch(command.reference).subscribe(({ id, type }) => watched.push({ id, type }));
        return undefined;
      case 'cancel':
        return (await deliveries.cancel(command.reference)).state;
      case 'state':
        return (await deliveries.get(command.reference)).state;
      default:
        return { handled, watched };
    }
  };
  process.on('message', ({ id, command }: { id: number; command: SharedHostCommand }) => {
    answer(command).then(
      (done) => process.send?.({ id, done: done ?? null }),
      (error: unknown) => process.send?.({ id, error: String(error) }),
    );
  });
  process.send?.({ ready: true });
}

// The parent process has ended.
process.on('disconnect', () => process.exit());
main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
