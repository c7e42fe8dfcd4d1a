import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { LalamoveModule } from 'nestjs-lalamove';
import { DeliveriesModule } from 'nestjs-lalamove/deliveries';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { DELIVERIES_HEALTH_DEFAULTS, LALAMOVE_HEALTH_DEFAULTS } from '../../src/health/lalamove-health.options.js';
import { accountOn } from '../support/account.js';
import { PLATFORMS, request, startHost } from '../support/host-app.js';
import { HealthModule } from './examples/health/health.module.js';
import { withLimits } from './examples/health/limits.js';
import { read } from './fences.js';
import { namesOf, section, table } from './pages.js';

const PAGE = read('docs/guides/health.md');

describe('docs/guides/health.md', () => {
  it('has every option with its default', () => {
    const written = (name: string, text = ''): [string, number] => [name, Number(text.replace(' ', ''))];
    const options = (heading: string): [string, number][] =>
      table(section(PAGE, heading), 'option')
        .filter(([, value]) => value !== 'none')
        .map(([name = '', value]) => written(name.replaceAll('`', ''), value));
    expect(Object.fromEntries(options('## Lalamove'))).toEqual(LALAMOVE_HEALTH_DEFAULTS);
    expect(Object.fromEntries(options('## Deliveries'))).toEqual(DELIVERIES_HEALTH_DEFAULTS);
  });

  it('has every reason', () => {
    const source = read('src/health/health-problem.ts');
    const reasons = [...source.matchAll(/^ {2}\| '([A-Z_]+)'/gm)].map(([, reason]) => reason);
    expect(reasons.length).toBeGreaterThan(10);
    expect(namesOf(table(PAGE, 'reason'))).toEqual(reasons);
  });
});

describe.each(PLATFORMS)('the health module of the guide on %s', (platform) => {
  let sandbox: LalamoveSandbox;
  let app: INestApplication;

  afterEach(async () => {
    await app.close();
    await sandbox.stop();
  });

  it('has a probe for liveness, readiness and alarms', async () => {
    sandbox = await LalamoveSandbox.start();
    const account = LalamoveModule.forRoot(accountOn(sandbox));
    const deliveries = DeliveriesModule.forRoot({ database: { file: ':memory:' } });
    const host = await startHost(platform, { imports: [account, deliveries, HealthModule] });
    ({ app } = host);
    for (const path of ['live', 'ready', 'operations']) {
      const { status, body } = await request('GET', `${host.url}/health/${path}`);
      expect([status, body.status]).toEqual([200, 'ok']);
    }
    await sandbox.stop();
    expect((await request('GET', `${host.url}/health/ready`)).status).toBe(200);
  });

  it('takes options', async () => {
    sandbox = await LalamoveSandbox.start();
    ({ app } = await startHost(platform, { imports: [LalamoveModule.forRoot(accountOn(sandbox)), withLimits()] }));
    expect(app).toBeDefined();
  });
});
