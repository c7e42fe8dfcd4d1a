import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { LalamoveModule, LalamoveService, systemClock, type Clock } from 'nestjs-lalamove';
import {
  DeliveriesModule,
  DeliveriesService,
  type BookDeliveryDto,
  type GivenPolicy,
} from 'nestjs-lalamove/deliveries';
import { LalamoveSandbox, sandboxClock, type FollowedSandboxClock } from 'nestjs-lalamove/sandbox';
import { freePort } from '../../examples/storefront/free-port.js';
import { PLATFORMS, startHost, type Platform } from '../support/host-app.js';
import { bookingOf } from '../support/sample-booking.js';
import { SandboxProcess } from '../support/sandbox-process.js';
import { until } from '../support/until.js';

/** A route of a few minutes. */
function shortBooking(reference: string): BookDeliveryDto {
  const booking = bookingOf(reference);
  const [from] = booking.quotation.stops;
  const to = { coordinates: { lat: '22.2790', lng: '114.1500' }, address: 'Conduit Road' };
  return { ...booking, quotation: { ...booking.quotation, stops: [...(from ? [from] : []), to] } };
}

let sandbox: SandboxProcess;
let clock: FollowedSandboxClock | undefined;
let app: INestApplication;

/** An app that follows its deliveries by webhooks alone, with a sandbox in another process. */
async function opened(platform: Platform, options: string[], policy: GivenPolicy, ownClock?: Clock): Promise<void> {
  sandbox = await SandboxProcess.start(...options);
  clock = ownClock ? undefined : sandboxClock(sandbox.url);
  const used = ownClock ?? clock ?? systemClock;
  const host = await startHost(platform, {
    imports: [
      LalamoveModule.forRoot({
        ...{ apiKey: 'pk_test_sandbox', apiSecret: 'sk_test_sandbox', market: 'HK', baseUrl: sandbox.url },
        ...{ webhook: { path: 'webhooks/lalamove' }, clock: used },
      }),
      DeliveriesModule.forRoot({ database: { file: ':memory:' }, policy: { poll: false, ...policy }, clock: used }),
    ],
  });
  ({ app } = host);
  await app.get(LalamoveService).setWebhookUrl(`${host.url}/webhooks/lalamove`);
}

async function stateOf(reference: string): Promise<string> {
  return (await app.get(DeliveriesService).get(reference)).state;
}

async function webhooksOf(reference: string): Promise<string[]> {
  const lines = await app.get(DeliveriesService).timeline(reference);
  return lines.flatMap((line) => (line.source === 'webhook' ? [line.eventType] : []));
}

async function untimely(): Promise<unknown[]> {
  return (await sandbox.control.log()).filter(({ kind }) => kind === 'untimely');
}

describe.each(PLATFORMS)('an app on %s that follows the clock of a sandbox in another process', (platform) => {
  afterEach(async () => {
    clock?.stop();
    await app.close();
    await sandbox.stop();
  });

  it.each([
    ['at an hour a minute', ['--speed', '60']],
    ['starting in the past', ['--speed', '600', '--start-at', '2026-02-01T08:00:00Z']],
    ['starting in the future', ['--speed', '600', '--start-at', '2031-02-01T08:00:00Z']],
  ])(
    'receives a delivery to its end %s',
    async (_, options) => {
      await opened(platform, ['--drivers', 'prompt', ...options], {});
      await app.get(DeliveriesService).book(shortBooking('A-1'));
      await until(async () => (await stateOf('A-1')) === 'completed', 50_000);
      expect(await webhooksOf('A-1')).toEqual(expect.arrayContaining(['DRIVER_ASSIGNED', 'ORDER_STATUS_CHANGED']));
      expect(await untimely()).toEqual([]);
      const { now } = await sandbox.control.clock();
      expect(Math.abs(Date.parse(now) - (clock?.now() ?? 0))).toBeLessThan(60_000);
    },
    60_000,
  );

  it('receives it after advances by hours, each webhook at its time', async () => {
    await opened(platform, ['--drivers', 'prompt'], {});
    await app.get(DeliveriesService).book(shortBooking('A-1'));
    await until(async () => (await stateOf('A-1')) === 'assigning');
    await sandbox.control.advance('3h');
    await until(async () => (await stateOf('A-1')) === 'completed');
    expect(await webhooksOf('A-1')).toContain('DRIVER_ASSIGNED');
    expect(await untimely()).toEqual([]);
  }, 30_000);

  it('carries out what is due after an advance of a clock that stands still', async () => {
    const raiseFee = [{ afterMinutes: 5, priorityFee: '15' }];
    await opened(platform, ['--speed', '0', '--start-at', '2027-01-01T08:00:00Z'], { raiseFee });
    await app.get(DeliveriesService).book(shortBooking('A-1'));
    await until(async () => (await stateOf('A-1')) === 'assigning');
    const fee = async (): Promise<string | undefined> =>
      (await sandbox.control.orders())[0]?.order.priceBreakdown.priorityFee;
    await sandbox.control.advance('4m');
    expect(await fee()).toBeUndefined();
    await sandbox.control.advance('2m');
    await until(async () => (await fee()) === '15');
  }, 30_000);
});

describe('an app with a clock of its own', () => {
  afterEach(async () => {
    await app.close();
    await sandbox.stop();
  });

  it('is warned about once, in the log and on the console, if its answers show dropped webhooks', async () => {
    await opened('express', ['--start-at', '2031-02-01T08:00:00Z'], {}, systemClock);
    await app.get(DeliveriesService).book(shortBooking('A-1'));
    await until(async () => (await untimely()).length > 0);
    const [order] = await sandbox.control.orders();
    await sandbox.control.drive(order?.order.orderId ?? '', { do: 'accept' });
    await sandbox.control.advance('1m');
    expect(await untimely()).toEqual([expect.objectContaining({ what: expect.stringContaining('sandboxClock(') })]);
    await until(() => sandbox.warnings !== '');
    expect(sandbox.warnings.trim().split('\n')).toHaveLength(1);
  }, 30_000);
});

describe('a clock that follows a sandbox that does not answer', () => {
  it('continues by itself, and follows once the sandbox answers, also after another interruption', async () => {
    const port = await freePort();
    const away = sandboxClock(`http://127.0.0.1:${port}`);
    expect(Math.abs(away.now() - Date.now())).toBeLessThan(1000);
    expect(away.isFollowing).toBe(false);
    const first = await LalamoveSandbox.start({ port });
    await first.advance('5h');
    await away.synced;
    expect(Math.abs(away.now() - first.clock.now())).toBeLessThan(1000);
    await first.stop();
    await until(() => !away.isFollowing);
    const at = away.now();
    expect(Math.abs(away.now() - at)).toBeLessThan(1000);
    const second = await LalamoveSandbox.start({ port });
    await until(() => Math.abs(away.now() - second.clock.now()) < 1000);
    // The clock was set back. Timers that are due by the passed time still fire.
    const fired = new Promise<void>((resolve) => {
      away.setTimeout(resolve, 3_600_000);
    });
    await second.control.advance('1h');
    await fired;
    away.stop();
    await second.stop();
  }, 30_000);

  it('refuses an invalid URL at once', () => {
    expect(() => sandboxClock('nowhere')).toThrow('Invalid URL');
  });
});
