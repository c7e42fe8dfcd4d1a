import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { OnLalamoveEvent, type LalamoveCredentials } from 'nestjs-lalamove';
import { DeliveriesOptionsException, OnDelivery, type DeliveryEvent } from 'nestjs-lalamove/deliveries';
import { assertDeliveriesOptions } from '../../src/deliveries/deliveries.options.js';
import { DeliveriesHost } from './deliveries-host.js';
import { bookingOf } from '../support/sample-booking.js';
import { turn, until } from '../support/until.js';
import { LineLogger } from '../webhooks/webhook-host.js';

/** Waits for work that takes real time. */
async function soon(holds: () => boolean): Promise<void> {
  await until(holds, 25_000);
  expect(holds()).toBe(true);
}

const never = (): Promise<never> => new Promise(() => undefined);

/** Handlers, of which one hangs. */
@Injectable()
class Handlers {
  readonly webhooks: string[] = [];
  readonly booked: string[] = [];
  hung = 0;

  @OnLalamoveEvent('ORDER_STATUS_CHANGED')
  hang(): Promise<void> {
    this.hung += 1;
    return never();
  }

  @OnLalamoveEvent('*')
  note({ eventType }: { eventType: string }): void {
    this.webhooks.push(eventType);
  }

  @OnDelivery('booked')
  book({ reference }: DeliveryEvent): void {
    this.booked.push(reference);
  }
}

describe('a function of the host that hangs', () => {
  let host: DeliveriesHost;
  let logger: LineLogger;

  afterEach(() => host.stop());

  function resolving(resolve: (account: string) => Promise<LalamoveCredentials>): {
    accounts: { resolve: typeof resolve; timeoutSeconds: number };
    logger: LineLogger;
  } {
    logger = new LineLogger();
    return { accounts: { resolve, timeoutSeconds: 0.3 }, logger };
  }

  it('does not block other events if it is a handler', async () => {
    logger = new LineLogger();
    host = await DeliveriesHost.start({
      sandbox: { drivers: 'prompt' },
      deliveries: { handlerTimeoutSeconds: 0.2, shutdownMs: 0, concurrency: 100 },
      more: { providers: [Handlers] },
    });
    host.app.useLogger(logger);
    const handlers = host.app.get(Handlers);
    const references = Array.from({ length: 60 }, (_, index) => `A-${index}`);
    for (const reference of references) await host.deliveries.book(bookingOf(reference));
    await soon(() => handlers.booked.length === 60);
    // The clock runs by itself, because nothing may wait for the handler that hangs.
    host.clock.speed = 600;
    await soon(() => handlers.webhooks.filter((type) => type === 'ORDER_STATUS_CHANGED').length >= 180);
    host.clock.speed = 0;
    expect(handlers.hung).toBeGreaterThan(5);
    const lines = logger.of('warn').filter((line) => line.includes('A handler timed out'));
    expect(lines).toEqual([expect.stringContaining('handler=Handlers.hang timeout_seconds=0.2')]);
  }, 60_000);

  it('does not block other accounts if it is accounts.resolve of one account', async () => {
    host = await DeliveriesHost.start({
      deliveries: { ...resolving(never), concurrency: 2, shutdownMs: 0 },
    });
    for (let index = 0; index < 100; index += 1) {
      await host.deliveries.book(bookingOf(`B-${index}`, { account: 'bad' }));
    }
    const begun = performance.now();
    for (let index = 0; index < 20; index += 1) await host.deliveries.book(bookingOf(`A-${index}`));
    const states = async (): Promise<string[]> =>
      (await host.deliveries.list({ account: '' })).deliveries.map(({ state }) => state);
    let snapshot = await states();
    while (snapshot.some((state) => state !== 'assigning') && performance.now() - begun < 10_000) {
      await turn();
      snapshot = await states();
    }
    expect(snapshot).toEqual(Array(20).fill('assigning'));
    expect(logger.of('warn').length).toBeLessThan(2);
  });

  it.each([
    ['rejects', () => Promise.reject<LalamoveCredentials>(new Error('the vault says sk_test_secret'))],
    ['never settles', never],
  ])(
    'leads to needs_attention instead of endless retries if accounts.resolve %s',
    async (_, resolve) => {
      let asked = 0;
      host = await DeliveriesHost.start({
        deliveries: {
          ...resolving((account) => {
            asked += 1;
            return resolve().finally(() => account);
          }),
          policy: { failures: { maxFailures: 3 } },
        },
      });
      await host.deliveries.book(bookingOf('A-1', { account: 'bad' }));
      const delivery = (): ReturnType<typeof host.deliveries.get> => host.deliveries.get('A-1', { account: 'bad' });
      for (let minute = 0; minute < 4 && (await delivery()).state !== 'needs_attention'; minute += 1) {
        // The timeout runs in real time, and a failure is cached for two seconds.
        await new Promise((later) => setTimeout(later, 2400));
        await host.clock.advance('1m');
      }
      expect(await delivery()).toMatchObject({
        state: 'needs_attention',
        reason: { code: 'ACCOUNT_UNAVAILABLE', message: expect.not.stringContaining('sk_test_secret') },
      });
      expect(asked).toBeLessThan(5);
      expect(logger.of('warn').filter((line) => line.includes('account=bad'))).toHaveLength(1);
      expect(await host.deliveries.cancel('A-1', { account: 'bad' })).toMatchObject({ state: 'canceled' });
    },
    30_000,
  );

  it('does not block work or webhooks for ever if it is a hook', async () => {
    logger = new LineLogger();
    host = await DeliveriesHost.start({
      deliveries: { hooks: { onStep: (step) => (step === 'posting' ? never() : undefined) } },
    });
    host.app.useLogger(logger);
    await host.deliveries.book(bookingOf('A-1'));
    await host.settle();
    expect(await host.deliveries.get('A-1')).toMatchObject({ state: 'assigning', attempts: 1 });
    expect(logger.of('warn')).toEqual([expect.stringContaining('step=posting timeout_seconds=5')]);
  }, 20_000);

  it('does not block the start or a delivery if it is the host’s queue', async () => {
    const queue = { start: () => undefined, wake: never, stop: never };
    host = await DeliveriesHost.start({
      deliveries: { queue, sweepSeconds: 30, shutdownMs: 0, logger: new LineLogger() },
    });
    await host.deliveries.book(bookingOf('A-1'));
    const { clock } = host;
    for (let sweep = 0; sweep < 4; sweep += 1) {
      clock.set(clock.now() + 31_000);
      clock.speed = 1;
      await new Promise((later) => setTimeout(later, 50));
      clock.speed = 0;
    }
    await soon(() => host.sandbox.ledger.total.orderIds.length === 1);
  }, 40_000);
});

describe('the options of timeouts', () => {
  const problems = (options: unknown): readonly string[] => {
    try {
      assertDeliveriesOptions(options);
      return [];
    } catch (error) {
      return error instanceof DeliveriesOptionsException ? error.problems : [String(error)];
    }
  };
  const resolve = (): null => null;

  it.each([
    [{ handlerTimeoutSeconds: 0.5, accounts: { resolve, timeoutSeconds: 3600 } }, []],
    [{ handlerTimeoutSeconds: 0 }, ['handlerTimeoutSeconds must be a number of seconds above 0 and up to 3600.']],
    [{ handlerTimeoutSeconds: 3601 }, ['handlerTimeoutSeconds must be a number of seconds above 0 and up to 3600.']],
    [
      { accounts: { resolve, timeoutSeconds: '5' } },
      [expect.stringMatching(/^accounts must be { resolve, timeoutSeconds\? }: .* above 0 and up to 3600\.$/)],
    ],
  ])('of %o are validated', (options, expected) => {
    expect(problems(options)).toEqual(expected);
  });
});
