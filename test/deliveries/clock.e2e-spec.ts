import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { OnLalamoveEvent } from 'nestjs-lalamove';
import { OnDelivery, type Delivery, type DeliveryEvent } from 'nestjs-lalamove/deliveries';
import { SandboxClock } from 'nestjs-lalamove/sandbox';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeliveriesHost, type DeliveriesHostOptions } from './deliveries-host.js';
import { bookingOf } from '../support/sample-booking.js';
import { SkewedClock } from '../support/skewed-clock.js';
import { LineLogger } from '../webhooks/webhook-host.js';

const DAY_MS = 86_400_000;

@Injectable()
class Handlers {
  readonly statuses: string[] = [];
  readonly tries: number[] = [];
  fails = 0;
  now: () => number = () => 0;

  @OnLalamoveEvent('ORDER_STATUS_CHANGED')
  status({ status }: { status: string }): void {
    this.statuses.push(status);
  }

  @OnDelivery('booked')
  booked(event: DeliveryEvent): void {
    this.tries.push(this.now());
    this.fails -= 1;
    if (this.fails >= 0) throw new Error(`not today, ${event.reference}`);
  }
}

describe.each([
  ['back', -DAY_MS],
  ['forward', DAY_MS],
])('a clock that is set %s by a day', (way, skewMs) => {
  let host: DeliveriesHost;
  let skewed: SkewedClock;
  let logger: LineLogger;

  beforeEach(() => {
    logger = new LineLogger();
  });

  afterEach(() => host.stop());

  async function start({ sandbox, deliveries, ...options }: DeliveriesHostOptions = {}): Promise<void> {
    const clock = new SandboxClock({ speed: 0, startAt: '2026-12-01T08:00:00Z' });
    skewed = new SkewedClock(clock);
    host = await DeliveriesHost.start({
      sandbox: { clock, ...sandbox },
      lalamove: { clock: skewed },
      deliveries: { clock: skewed, logger, ...deliveries },
      more: { providers: [Handlers] },
      ...options,
    });
  }

  const get = (): Promise<Delivery> => host.deliveries.get('A-1');
  const calls = (operation: string): number =>
    host.sandbox.requests.filter((request) => request.operation === operation).length;

  it('drops no webhook, and completes the delivery', async () => {
    await start({ sandbox: { drivers: 'prompt' }, deliveries: { policy: { poll: false } } });
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
    skewed.skewMs = skewMs;
    await host.clock.advance('2h');
    expect(await get()).toMatchObject({ state: 'completed', attempts: 1 });
    expect(host.app.get(Handlers).statuses).toContain('COMPLETED');
    expect(logger.of('warn')).toEqual([
      expect.stringMatching(new RegExp(`The clock was set ${way}.*\\(seconds=${skewMs / 1000}\\)`)),
    ]);
    // The same holds after the clock is set right again.
    skewed.skewMs = 0;
    await host.deliveries.book(bookingOf('A-2'));
    await host.clock.advance('2h');
    expect(await host.deliveries.get('A-2')).toMatchObject({ state: 'completed', attempts: 1 });
  });

  it('keeps the polling interval without webhooks', async () => {
    await start({ webhooks: false, deliveries: { policy: { poll: { everySeconds: 60, maxSeconds: 60 } } } });
    await host.deliveries.book(bookingOf('A-1'));
    await host.clock.advance('10m');
    const before = calls('getOrder');
    expect(before).toBeGreaterThan(7);
    skewed.skewMs = skewMs;
    await host.clock.advance('10m');
    expect(calls('getOrder') - before).toBeGreaterThan(7);
    expect(calls('getOrder') - before).toBeLessThan(13);
  });

  it('calls a failed handler again at the right time', async () => {
    await start();
    const handlers = host.app.get(Handlers);
    handlers.now = () => host.clock.now();
    handlers.fails = 6;
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
    await host.clock.advance('2s');
    skewed.skewMs = skewMs;
    await host.clock.advance('5m');
    expect(handlers.tries.map((at) => at - (handlers.tries[0] ?? 0))).toEqual(
      [0, 1, 3, 7, 15, 31, 63].map((seconds) => seconds * 1000),
    );
  });

  it('neither books again nor gives up an attempt with an unknown outcome too early', async () => {
    const unknownOutcome = { waitMinutes: 10, then: 'rebook' } as const;
    await start({ webhooks: false, deliveries: { policy: { unknownOutcome } } });
    host.sandbox.addFault({ call: 'placeOrder', work: 'done', answer: 'reset' });
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
    skewed.skewMs = skewMs;
    await host.clock.advance('14m');
    expect(await get()).toMatchObject({ state: 'booking', attempts: 1 });
    expect(host.sandbox.ledgerFor({ reference: 'A-1' }).orderIds).toHaveLength(1);
    await host.clock.advance('3m');
    expect(calls('placeOrder')).toBe(2);
  });

  it('keeps webhooks of unknown orders for their full time', async () => {
    await start({ deliveries: { unmatchedHours: 2 } });
    const db = host.deliveries.database;
    const at = host.clock.now();
    await db
      .insertInto('delivery_events')
      .values({
        ...{ account: '', source: 'webhook', type: 'ORDER_STATUS_CHANGED', fingerprint: 'f', order_id: '9' },
        ...{ occurred_at: at, received_at: at, payload: '{}', dispatch: 'none' },
      })
      .execute();
    skewed.skewMs = skewMs;
    await host.clock.advance('115m');
    expect(await host.deliveries.metrics()).toMatchObject({ unmatched: 1, setAsideUnmatched: 0 });
    await host.clock.advance('10m');
    expect(await host.deliveries.metrics()).toMatchObject({ unmatched: 0, setAsideUnmatched: 1 });
  });
});

describe('a clock that was set back while no process ran', () => {
  let host: DeliveriesHost;
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'deliveries-'));
  });

  afterEach(async () => {
    await host.stop();
    rmSync(folder, { recursive: true });
  });

  it('lets deliveries go on at once whose last change lies in the future', async () => {
    const logger = new LineLogger();
    const file = join(folder, 'deliveries.db');
    const clock = new SandboxClock({ speed: 0, startAt: '2026-12-01T08:00:00Z' });
    const skewed = new SkewedClock(clock);
    skewed.skewMs = DAY_MS;
    const options = {
      lalamove: { clock: skewed },
      deliveries: { clock: skewed, logger, database: { file } },
      webhooks: false,
    };
    host = await DeliveriesHost.start({ ...options, sandbox: { clock, drivers: 'prompt' } });
    const { sandbox } = host;
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
    await host.app.close();
    skewed.skewMs = 0;
    const { apiKey, apiSecret, url: baseUrl } = sandbox;
    host = await DeliveriesHost.start({
      ...options,
      sandbox: { clock: new SandboxClock({ speed: 0 }) },
      lalamove: { clock: skewed, apiKey, apiSecret, baseUrl },
    });
    expect(logger.of('warn')).toEqual([expect.stringContaining('(deliveries=1)')]);
    for (let minute = 0; minute < 120; minute += 10) {
      await clock.advance('10m');
      await host.runtime.idle();
    }
    expect(await host.deliveries.get('A-1')).toMatchObject({ state: 'completed', attempts: 1 });
    await sandbox.stop();
  });
});
