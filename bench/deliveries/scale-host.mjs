// A host app with deliveries in PostgreSQL, as one of several processes.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LalamoveModule } from 'nestjs-lalamove';
import { DeliveriesModule, DeliveriesService, OnDelivery } from 'nestjs-lalamove/deliveries';
import { postgresStorage } from 'nestjs-lalamove/deliveries/postgres';
import { answering } from '../client/processes.mjs';
import { bookingOf } from './sample-booking.mjs';
import { PATH } from './scale-webhooks.mjs';

const { connectionString, schema, maxConnections, ...account } = JSON.parse(process.argv[2]);

/** How many deliveries this process has seen through: its handler got their last event. */
let completed = 0;

class Completed {
  onCompleted() {
    completed += 1;
  }
}
OnDelivery('completed')(
  Completed.prototype,
  'onCompleted',
  Object.getOwnPropertyDescriptor(Completed.prototype, 'onCompleted'),
);

class BenchModule {}
Module({
  imports: [
    LalamoveModule.forRoot({ ...account, market: 'HK', rateLimit: false, webhook: { path: PATH } }),
    DeliveriesModule.forRoot({ storage: postgresStorage({ connectionString, schema, maxConnections }) }),
  ],
  providers: [Completed],
})(BenchModule);

const app = await NestFactory.create(BenchModule, { logger: ['error', 'warn'] });
await app.listen(0, '127.0.0.1');
const deliveries = app.get(DeliveriesService);

answering(async (question) => {
  if (question.do === 'book') {
    const { prefix, count } = question;
    await Promise.all(Array.from({ length: count }, (_, index) => deliveries.book(bookingOf(`${prefix}-${index}`))));
  }
  const { user, system } = process.cpuUsage();
  return { port: app.getHttpServer().address().port, completed, cpuMs: (user + system) / 1000 };
});
