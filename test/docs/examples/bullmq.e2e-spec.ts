import { expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { DeliveriesQueueContext } from 'nestjs-lalamove/deliveries';
import { systemClock } from '../../../src/internal/clock.js';
import { testRedisUrl } from '../../support/redis.js';
import { describeRedis } from '../../support/servers.js';
import { until } from '../../support/until.js';

describeRedis('the examples of BullMQ (needs LALAMOVE_TEST_REDIS_URL)', () => {
  it('wake a delivery in one process and work on it in another', async () => {
    process.env.REDIS_URL = testRedisUrl().href;
    const { queue } = await import('./bullmq/app.module.js');
    const { wakeOnly } = await import('./bullmq/web.js');
    const context: DeliveriesQueueContext = {
      ...{ clock: systemClock, isSystemTime: true, concurrency: 1, isWorker: true },
      logger: new Logger(),
    };
    const worked: string[] = [];
    await queue.start((id) => Promise.resolve(void worked.push(id)), context);
    await wakeOnly.start(() => Promise.reject(new Error('It has no worker.')), context);
    await wakeOnly.wake('A-1', Date.now());
    await until(() => worked.length > 0, 10_000);
    await Promise.all([queue.stop(1000), wakeOnly.stop(1000)]);
    expect(worked).toEqual(['A-1']);
  });
});
