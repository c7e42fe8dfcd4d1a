import { expect, it, jest } from '@jest/globals';
import {
  Inject,
  Injectable,
  Module,
  Scope,
  UseGuards,
  UseInterceptors,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { Server, type ServerResponse } from 'node:http';
import { concat, defer, from, map, throwError, timer, type Observable } from 'rxjs';
import {
  LalamoveModule,
  OnLalamoveEvent,
  OrderStatusChangedEvent,
  type LalamoveEvent,
  type WalletBalanceChangedEvent,
} from 'nestjs-lalamove';
import { isRecord } from '../../src/internal/is-record.js';
import { KEYS } from '../support/lalamove.js';
import { until } from '../support/until.js';
import { orderStatus } from './event-host.js';
import {
  Broken,
  Controlled,
  describeHandlers,
  journal,
  MethodInterceptor,
  ORDER,
  Provider,
  Torn,
  WALLET,
} from './handler-host.js';

/** A request-scoped guard that gets the event as its REQUEST. */
@Injectable({ scope: Scope.REQUEST })
class PerEventGuard implements CanActivate {
  constructor(@Inject(REQUEST) private readonly request: LalamoveEvent) {}

  canActivate(context: ExecutionContext): boolean {
    journal.add(`guard ${context.getArgByIndex<unknown>(0) === this.request}`);
    return true;
  }
}

/** A class with a handler and enhancers, which a test provides in several ways. */
@Injectable()
class Simple {
  constructor(readonly name: string) {}

  @OnLalamoveEvent('ORDER_STATUS_CHANGED')
  @UseGuards(PerEventGuard)
  @UseInterceptors(MethodInterceptor)
  handle({ orderId }: OrderStatusChangedEvent): void {
    journal.add(`${this.name} ${orderId}`);
  }
}

describeHandlers('LalamoveEventHandlers', (host) => {
  it('calls each handler once: inherited, with several decorators, for lists and for all events', async () => {
    await host.start({ providers: [Provider], controllers: [Controlled] });
    await host.send('ORDER_CREATED', ORDER);
    expect((await host.lines(4)).sort()).toEqual([
      'Controlled inherited 1',
      'Provider inherited 1',
      'any ORDER_CREATED',
      'both ORDER_CREATED',
    ]);
    journal.clear();
    await host.send('WALLET_BALANCE_CHANGED', WALLET);
    expect((await host.lines(3)).sort()).toEqual([
      'any WALLET_BALANCE_CHANGED',
      'both WALLET_BALANCE_CHANGED',
      'list WALLET_BALANCE_CHANGED',
    ]);
    journal.clear();
    await host.send('ORDER_TELEPORTED', ORDER);
    expect((await host.lines(2)).sort()).toEqual(['any UNKNOWN', 'newer ORDER_TELEPORTED']);
    expect(host.log).toMatchObject({ errors: [], warnings: [] });
  });

  it('calls a handler with an account only for the events of that account', async () => {
    @Injectable()
    class Accounts {
      @OnLalamoveEvent('WALLET_BALANCE_CHANGED', { account: 'th' })
      ofOne({ account }: WalletBalanceChangedEvent): void {
        journal.add(`one ${String(account)}`);
      }

      @OnLalamoveEvent('*', {})
      ofAll({ account }: LalamoveEvent): void {
        journal.add(`all ${String(account)}`);
      }
    }
    const path = '/webhooks/th';
    const secret = 'sk_test_th';
    const th = LalamoveModule.forRoot({ ...KEYS, name: 'th', market: 'TH', apiSecret: secret, webhook: { path } });
    await host.start({ imports: [th], providers: [Accounts] });
    expect(await host.send('WALLET_BALANCE_CHANGED', WALLET)).toBe(200);
    expect(await host.lines(1)).toEqual(['all undefined']);
    expect(await host.send('WALLET_BALANCE_CHANGED', WALLET, { path, secret })).toBe(200);
    expect((await host.lines(3)).slice(1).sort()).toEqual(['all th', 'one th']);
  });

  it('waits for the end of an observable that a handler returns, and fails if it fails', async () => {
    @Injectable()
    class Streams {
      @OnLalamoveEvent('ORDER_CREATED')
      several(): Observable<number> {
        return defer(() => {
          journal.add('subscribed');
          const last = timer(5).pipe(
            map(() => {
              journal.add('last');
              return 3;
            }),
          );
          return concat(from([1, 2]), last);
        });
      }

      @OnLalamoveEvent('WALLET_BALANCE_CHANGED')
      failing(): Observable<never> {
        return throwError(() => new Broken('the stream broke'));
      }
    }
    await host.start({ providers: [Streams] });
    await host.send('ORDER_CREATED', ORDER);
    expect(await host.lines(2)).toEqual(['subscribed', 'last']);
    await host.send('WALLET_BALANCE_CHANGED', WALLET);
    await until(() => host.log.errors.length > 0);
    expect(host.log.errors).toEqual([expect.stringMatching(/Streams\.failing .*error=the stream broke/)]);
  });

  it('calls handlers after the answer was sent, even if they block the event loop', async () => {
    const responses: ServerResponse[] = [];
    const left: unknown[] = [];
    @Injectable()
    class Blocking {
      @OnLalamoveEvent('ORDER_STATUS_CHANGED')
      handle(): void {
        // After the write the kernel sends the answer, even if this process blocks.
        const [response] = responses;
        left.push([response?.writableEnded, response?.socket?.writableLength ?? 0, response?.statusCode]);
        const end = performance.now() + 300;
        while (performance.now() < end);
        journal.add('unblocked');
      }
    }
    await host.start({ providers: [Blocking] });
    const server: unknown = host.app.getHttpServer();
    if (!(server instanceof Server)) throw new TypeError('There is no server.');
    server.on('request', (_, response: ServerResponse) => responses.push(response));
    expect(await host.send('ORDER_STATUS_CHANGED', orderStatus('1'))).toBe(200);
    expect(await host.lines(1)).toEqual(['unblocked']);
    expect(left).toEqual([[true, 0, 200]]);
  });

  it('gives handlers a frozen event', async () => {
    @Injectable()
    class Mutating {
      @OnLalamoveEvent('ORDER_STATUS_CHANGED')
      first(event: OrderStatusChangedEvent): void {
        for (const change of [
          () => Object.assign(event, { orderId: '2' }),
          () => Object.assign(event.raw, { order: {} }),
          () => (isRecord(event.raw.order) ? Object.assign(event.raw.order, { orderId: '2' }) : undefined),
          () => Object.assign(event, { more: 1 }),
        ]) {
          expect(change).toThrow(TypeError);
        }
      }

      @OnLalamoveEvent('ORDER_STATUS_CHANGED')
      second(event: OrderStatusChangedEvent): void {
        journal.add(`${event.orderId} ${JSON.stringify(event.raw)} ${'more' in event}`);
      }
    }
    await host.start({ providers: [Mutating] });
    await host.send('ORDER_STATUS_CHANGED', orderStatus('1'));
    expect(await host.lines(1)).toEqual([`1 ${JSON.stringify(orderStatus('1'))} false`]);
    expect(host.log.errors).toEqual([]);
  });

  const guardAnd = (name: string): string[] => [
    'guard true',
    'method interceptor before',
    `${name} 1`,
    'method interceptor after undefined',
  ];

  it.each([
    ['from a factory', [{ provide: 'A', useFactory: () => Promise.resolve(new Simple('factory')) }], 'factory'],
    ['provided as a value', [{ provide: 'A', useValue: new Simple('value') }], 'value'],
    [
      'provided under a second name',
      [
        { provide: 'A', useFactory: () => new Simple('first') },
        { provide: 'B', useExisting: 'A' },
      ],
      'first',
    ],
  ])('calls a handler %s once, with its enhancers', async (_, providers, name) => {
    await host.start({ providers });
    await host.send('ORDER_STATUS_CHANGED', orderStatus('1'));
    expect(await host.lines(4)).toEqual(guardAnd(name));
    expect(host.log).toMatchObject({ errors: [], warnings: [] });
  });

  it('calls two instances of a class, under two names', async () => {
    const tear = (): never => {
      throw new Torn('torn');
    };
    class Tearing {
      @OnLalamoveEvent('ORDER_CREATED')
      handle(): void {
        tear();
      }
    }
    await host.start({
      providers: [
        { provide: 'A', useFactory: () => new Tearing() },
        { provide: 'B', useFactory: () => new Tearing() },
      ],
    });
    await host.send('ORDER_CREATED', ORDER);
    await until(() => host.log.errors.length === 2);
    expect(host.log.errors.map((line) => /handler=(\S+)/.exec(line)?.[1])).toEqual([
      'Tearing.handle',
      'Tearing.handle#2',
    ]);
  });

  it('calls a class in two modules once, and warns of it', async () => {
    @Module({ providers: [Provider] })
    class Left {}
    @Module({ providers: [Provider] })
    class Right {}
    await host.start({ imports: [Left, Right] });
    await host.send('ORDER_CREATED', ORDER);
    expect((await host.lines(2)).sort()).toEqual(['Provider inherited 1', 'both ORDER_CREATED']);
    expect(host.log.warnings).toEqual([
      'A class with handlers is provided by two modules: its handlers run once ' +
        '(class=Provider runs=Left left_out=Right)',
    ]);
  });

  it('finds handlers with the decorator of another copy of this package', async () => {
    jest.resetModules();
    const copy = await import('../../src/webhooks/events/on-lalamove-event.decorator.js');
    expect(copy.OnLalamoveEvent).not.toBe(OnLalamoveEvent);
    @Injectable()
    class Copied {
      @copy.OnLalamoveEvent('ORDER_STATUS_CHANGED')
      handle({ orderId }: { orderId: string }): void {
        journal.add(`copied ${orderId}`);
      }
    }
    await host.start({ providers: [Copied] });
    await host.send('ORDER_STATUS_CHANGED', orderStatus('1'));
    expect(await host.lines(1)).toEqual(['copied 1']);
  });
});
