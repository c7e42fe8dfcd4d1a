import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { LalamoveModule } from 'nestjs-lalamove';
import { DeliveriesModule } from 'nestjs-lalamove/deliveries';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { accountOn } from '../support/account.js';
import { PLATFORMS, startHost } from '../support/host-app.js';
import { BoardModule } from './examples/board/board.module.js';

const environment = { ...process.env };

describe.each(PLATFORMS)('the board module of the guide on %s', (platform) => {
  let sandbox: LalamoveSandbox;
  let app: INestApplication;

  afterEach(async () => {
    await app.close();
    await sandbox.stop();
    process.env = { ...environment };
  });

  it('makes a browser ask who is there, and lets an operator in', async () => {
    process.env.OPERATOR_PASSWORD = 'open sesame';
    sandbox = await LalamoveSandbox.start();
    const account = LalamoveModule.forRoot(accountOn(sandbox));
    const deliveries = DeliveriesModule.forRoot({ database: { file: ':memory:' } });
    const host = await startHost(platform, { imports: [account, deliveries, BoardModule] });
    ({ app } = host);
    const page = `${host.url}/operations/deliveries`;
    const refused = await fetch(page);
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="Operators"']);
    const authorization = `Basic ${Buffer.from('ada:open sesame').toString('base64')}`;
    expect((await fetch(page, { headers: { authorization } })).status).toBe(200);
  });
});
