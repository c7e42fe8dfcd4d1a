import { bullmqQueue } from 'nestjs-lalamove/deliveries/bullmq';

/** For a process that answers requests. It only wakes deliveries. */
export const wakeOnly = bullmqQueue({
  connection: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379',
  worker: false,
});
