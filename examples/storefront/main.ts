import { NestFactory } from '@nestjs/core';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveDocs } from './api-docs.js';
import { curlLines } from './curl-lines.js';
import { freePort } from './free-port.js';
import { lalamoveAccount } from './lalamove-account.js';
import { STAFF_PASSWORD } from './staff.guard.js';
import { StorefrontModule, WEBHOOK_PATH } from './storefront.module.js';

if (existsSync('.env')) process.loadEnvFile('.env');

// PORT=0 means any free port.
const port = Number(process.env.PORT ?? 3000) || (await freePort());
const { options, sandbox } = await lalamoveAccount();
// With your own keys, Lalamove must reach this URL from the internet: LALAMOVE_WEBHOOK_URL.
const webhook = sandbox ? { url: `http://localhost:${port}/${WEBHOOK_PATH}` } : options.webhook;
// The sandbox loses its orders when it ends, so each run gets a new database file.
const file = sandbox ? join(mkdtempSync(join(tmpdir(), 'storefront-')), 'deliveries.db') : 'data/deliveries.db';
const app = await NestFactory.create(
  StorefrontModule.forRoot({ ...options, ...(webhook && { webhook }) }, { database: { file } }),
  {
    logger: ['warn', 'error'],
  },
);
serveDocs(app);
app.enableShutdownHooks();
await app.listen(port);
const url = (await app.getUrl()).replace('[::1]', 'localhost');

console.log(`The storefront listens on ${url}`);
console.log(
  sandbox
    ? `It calls its own sandbox on ${sandbox.url}, because no keys are set.\n` +
        `Couriers and money: curl ${sandbox.url}/_sandbox/ledger`
    : 'It calls Lalamove with the keys of your environment.',
);
console.log(`It stores its deliveries in ${file}.`);
console.log(
  `
Order at      ${url}/shop   (and follow the order there)
Operate at    ${url}/board   (user staff, password ${STAFF_PASSWORD})
` +
    (sandbox ? `See Lalamove  ${sandbox.url}/   (the sandbox: couriers, requests, webhooks, faults)\n` : '') +
    `Read the API  ${url}/docs`,
);
console.log(
  '\nRun these commands one after the other: a quote, a booking, the same booking again (the same delivery,\n' +
    'no second courier), its status (repeat it: a driver is on the way), and its timeline.\n',
);
for (const line of curlLines(url)) console.log(`${line}\n`);
console.log(`And an error, as the consumers of your API see it:\n\ncurl -i ${url}/orders/1`);
