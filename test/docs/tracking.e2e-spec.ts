import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { LalamoveModule } from 'nestjs-lalamove';
import { DeliveriesModule, DeliveriesService } from 'nestjs-lalamove/deliveries';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { DeliveriesTracking } from 'nestjs-lalamove/tracking';
import { accountOn } from '../support/account.js';
import { PLATFORMS, request, startHost } from '../support/host-app.js';
import { bookingOf } from '../support/sample-booking.js';
import { TRACKING } from '../tracking/tracking-host.js';
import { assertTrackingOptions, DeliveriesTrackingOptionsException } from '../../src/tracking/tracking.options.js';
import { fromConfig } from './examples/tracking/async.js';
import { TrackingModule } from './examples/tracking/tracking.module.js';
import { read } from './fences.js';
import { namesOf, table } from './pages.js';

describe('docs/guides/tracking.md', () => {
  it('has every option', () => {
    let message = '';
    try {
      assertTrackingOptions({ ...TRACKING, nonsense: true });
    } catch (error) {
      if (error instanceof DeliveriesTrackingOptionsException) ({ message } = error);
    }
    const options = /the options are (.*)\./.exec(message)?.[1]?.split(', ');
    expect(options?.length).toBeGreaterThan(8);
    expect(namesOf(table(read('docs/guides/tracking.md'), 'option')).sort()).toEqual(options?.sort());
  });
});

describe.each(PLATFORMS)('the tracking modules of the guide on %s', (platform) => {
  let sandbox: LalamoveSandbox;
  let app: INestApplication;

  afterEach(async () => {
    await app.close();
    await sandbox.stop();
  });

  it('give the link of a delivery', async () => {
    sandbox = await LalamoveSandbox.start();
    const account = LalamoveModule.forRoot(accountOn(sandbox));
    const deliveries = DeliveriesModule.forRoot({ database: { file: ':memory:' } });
    const host = await startHost(platform, { imports: [account, deliveries, TrackingModule] });
    ({ app } = host);
    await app.get(DeliveriesService).book(bookingOf('A-1'));
    const { body } = await request('GET', `${host.url}/orders/A-1/tracking-link`);
    const link = String(body.url).replace('http://localhost:3000', host.url);
    expect((await fetch(link)).status).toBe(200);
  });

  it('take their secret from a configuration', async () => {
    sandbox = await LalamoveSandbox.start();
    const config = ConfigModule.forRoot({
      isGlobal: true,
      ignoreEnvFile: true,
      load: [() => ({ TRACKING_SECRET: TRACKING.secret })],
    });
    const account = LalamoveModule.forRoot(accountOn(sandbox));
    const deliveries = DeliveriesModule.forRoot({ database: { file: ':memory:' } });
    ({ app } = await startHost(platform, { imports: [config, account, deliveries, fromConfig()] }));
    await app.get(DeliveriesService).book(bookingOf('A-1'));
    expect(await app.get(DeliveriesTracking).linkFor('A-1')).toMatch(/^\/track\//);
  });
});
