import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { AsyncLocalStorage } from 'node:async_hooks';
import { OnLalamoveEvent, type LalamoveRequestEvent } from 'nestjs-lalamove';
import { OnDelivery, type DeliveriesQueue, type DeliveryEvent } from 'nestjs-lalamove/deliveries';
import { DeliveriesHost } from './deliveries-host.js';
import { bookingOf } from '../support/sample-booking.js';
import { until } from '../support/until.js';

/** The host's context of a request. */
const user = new AsyncLocalStorage<string>();

/** The async contexts in which functions were called. */
class Contexts {
  readonly #seen = new Map<string, Set<string>>();

  note(what: string): void {
    this.#seen.set(what, (this.#seen.get(what) ?? new Set()).add(String(user.getStore())));
  }

  of(what: string): string[] {
    return [...(this.#seen.get(what) ?? [])];
  }
}

/** A queue of the host. `wake` creates a timer. */
class TimerQueue implements DeliveriesQueue {
  readonly #timers = new Set<NodeJS.Timeout>();
  #work: (id: string) => Promise<number | undefined> = () => Promise.resolve(undefined);

  start(work: (id: string) => Promise<number | undefined>): void {
    this.#work = work;
  }

  wake(id: string): void {
    this.#timers.add(setTimeout(() => void this.#work(id), 5));
  }

  stop(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    return Promise.resolve();
  }
}

const contexts = { current: new Contexts() };

@Injectable()
class Handlers {
  @OnDelivery('*')
  onDelivery({ type }: DeliveryEvent): void {
    contexts.current.note(`@OnDelivery ${type}`);
    user.enterWith('a handler');
  }

  @OnLalamoveEvent('*')
  onEvent(): void {
    contexts.current.note('@OnLalamoveEvent');
    user.enterWith('another handler');
  }
}

describe('the work on deliveries', () => {
  let host: DeliveriesHost;

  afterEach(() => host.stop());

  it.each([
    ['the package’s own queue', undefined],
    ['a queue of the host’s', new TimerQueue()],
  ])('does not run in the async context of a request, with %s', async (_, queue) => {
    const seen = (contexts.current = new Contexts());
    // The call that sets the webhook's URL belongs to the test.
    const noteCall =
      (what: string) =>
      ({ operation }: LalamoveRequestEvent): void => {
        if (operation !== 'setWebhookUrl') seen.note(what);
      };
    const merchant = { apiKey: 'pk_test_merchant', apiSecret: 'sk_test_merchant' };
    // The app is created within its first request, as in a serverless function.
    host = await user.run('the first request', () =>
      DeliveriesHost.start({
        sandbox: { drivers: 'prompt', accounts: [{ ...merchant }] },
        lalamove: { hooks: { onRequest: noteCall('a call'), onResponse: noteCall('an answer') } },
        deliveries: {
          ...(queue && { queue }),
          accounts: {
            resolve: () => {
              seen.note('accounts.resolve');
              user.enterWith('accounts.resolve');
              return { ...merchant, market: 'HK' };
            },
          },
          hooks: {
            onStep: (step) => {
              if (!step.startsWith('event_')) seen.note('a step');
            },
          },
          sweepSeconds: 5,
        },
        more: { providers: [Handlers] },
      }),
    );
    const references = ['A-1', 'A-2', 'A-3'];
    await Promise.all(
      references.map((reference) =>
        user.run(reference, () =>
          host.deliveries.book({ ...bookingOf(reference), ...(reference === 'A-3' && { account: 'merchant' }) }),
        ),
      ),
    );
    const watching = user.run('who watches', () =>
      host.deliveries.watch('A-1').subscribe(() => {
        seen.note('a watched event');
      }),
    );
    const isCompleted = async (): Promise<boolean> => {
      const { deliveries } = await host.deliveries.list({ state: 'completed' });
      return deliveries.length === references.length;
    };
    const end = performance.now() + 60_000;
    while (performance.now() < end && !(await isCompleted())) await host.clock.advance('30s');
    await until(() => seen.of('@OnDelivery completed').length > 0);
    watching.unsubscribe();

    const nobodys = [
      'a step',
      'a call',
      'an answer',
      '@OnDelivery booked',
      '@OnDelivery completed',
      '@OnLalamoveEvent',
    ];
    expect(nobodys.map((what) => [what, seen.of(what)])).toEqual(nobodys.map((what) => [what, ['undefined']]));
    expect(seen.of('a watched event')).toEqual(['who watches']);
  });
});
