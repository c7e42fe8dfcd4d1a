// A storefront as a separate process, on a database file. It can kill itself at a step of a booking. `crash.ts` starts
// it twice.
import { NestFactory } from '@nestjs/core';
import { LalamoveService } from 'nestjs-lalamove';
import { StorefrontModule, WEBHOOK_PATH } from './storefront.module.js';

const [baseUrl = '', apiKey = '', apiSecret = '', file = '', fatalStep = ''] = process.argv.slice(2);

const app = await NestFactory.create(
  StorefrontModule.forRoot(
    { apiKey, apiSecret, market: 'HK', baseUrl },
    {
      database: { file },
      hooks: {
        // SIGKILL runs no cleanup: it is like a power cut.
        onStep: (step) => {
          if (step === fatalStep) process.kill(process.pid, 'SIGKILL');
        },
      },
    },
  ),
  { logger: false },
);
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');
const url = await app.getUrl();
await app.get(LalamoveService).setWebhookUrl(`${url}/${WEBHOOK_PATH}`);
process.send?.(url);
