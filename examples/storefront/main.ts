import { NestFactory } from '@nestjs/core';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { curlLines } from './curl-lines.js';
import { freePort } from './free-port.js';
import { lalamoveAccount } from './lalamove-account.js';
import { StorefrontModule, WEBHOOK_PATH } from './storefront.module.js';

if (existsSync('.env')) process.loadEnvFile('.env');

// 0 stands for any that is free.
const port = Number(process.env.PORT ?? 3000) || (await freePort());
const { options, sandbox } = await lalamoveAccount();
// With keys of your own it is a URL that the world can reach: LALAMOVE_WEBHOOK_URL.
const webhook = sandbox ? { url: `http://localhost:${port}/${WEBHOOK_PATH}` } : options.webhook;
// The sandbox forgets its orders when it ends, so what is known of them begins anew with each.
const file = sandbox ? join(mkdtempSync(join(tmpdir(), 'storefront-')), 'deliveries.db') : 'data/deliveries.db';
const app = await NestFactory.create(
  StorefrontModule.forRoot({ ...options, ...(webhook && { webhook }) }, { database: { file } }),
  {
    logger: ['warn', 'error'],
  },
);
app.enableShutdownHooks();
await app.listen(port);
const url = (await app.getUrl()).replace('[::1]', 'localhost');

console.log(`The storefront listens on ${url}`);
console.log(
  sandbox
    ? `It talks to its own sandbox on ${sandbox.url} (couriers and money: curl ${sandbox.url}/_sandbox/ledger); no keys are set.`
    : 'It talks to Lalamove with the keys of your environment.',
);
console.log(`Its deliveries are in ${file}.`);
console.log(
  '\nPaste these, one after the other: a quote, a delivery, the same again (which is the same delivery, and no second courier), its status\n(again and again: a driver is on the way), and all that has happened to it.\n',
);
for (const line of curlLines(url)) console.log(`${line}\n`);
console.log(`And an error, as your own API's consumers see it:\n\ncurl -i ${url}/orders/1`);
