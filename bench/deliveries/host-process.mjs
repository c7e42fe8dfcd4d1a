// A host app with deliveries, as a separate process whose CPU is measured.
import 'reflect-metadata';
import { setTimeout } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LalamoveModule, LalamoveService } from 'nestjs-lalamove';
import { DeliveriesModule, DeliveriesService } from 'nestjs-lalamove/deliveries';
import { SandboxClock } from 'nestjs-lalamove/sandbox';
import { answering } from '../client/processes.mjs';
import { bookingOf } from './sample-booking.mjs';

const { file, startAt, ...account } = JSON.parse(process.argv[2]);
const clock = new SandboxClock({ speed: 0, startAt });
const webhook = { path: 'webhooks/lalamove' };

let app;
let deliveries;
/** How many orders were placed. It is counted on the way, because a query would be measured too. */
let placed = 0;

answering(async (question) => {
  switch (question.do) {
    case 'listen': {
      class BenchModule {}
      Module({
        imports: [
          LalamoveModule.forRoot({ ...account, market: 'HK', clock, rateLimit: false, webhook }),
          DeliveriesModule.forRoot({ database: { file }, clock, hooks: { onStep } }),
        ],
      })(BenchModule);
      app = await NestFactory.create(BenchModule, { logger: ['error'] });
      await app.listen(0, '127.0.0.1');
      deliveries = app.get(DeliveriesService);
      const url = await app.getUrl();
      await app.get(LalamoveService).setWebhookUrl(`${url}/${webhook.path}`);
      return { url };
    }
    case 'book': {
      const { prefix, count } = question;
      placed = 0;
      await Promise.all(Array.from({ length: count }, (_, index) => deliveries.book(bookingOf(`${prefix}-${index}`))));
      while (placed < count) await setTimeout(10);
      return true;
    }
    case 'advance':
      await clock.advance(question.ms);
      await setTimeout(20);
      return true;
    case 'completed':
      return completed(question.prefix, question.count);
    default: {
      const { user, system } = process.cpuUsage();
      return { cpuMs: (user + system) / 1000, rssMb: process.memoryUsage().rss / 1e6 };
    }
  }
});

function onStep(step) {
  if (step === 'committed') placed += 1;
}

async function completed(prefix, count) {
  let found = 0;
  for (let index = 0; index < count; index += 1) {
    const { state } = await deliveries.get(`${prefix}-${index}`);
    if (state === 'completed') found += 1;
  }
  return found;
}
