import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  Catch,
  Controller,
  Inject,
  Injectable,
  Module,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type ArgumentMetadata,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
  type ModuleMetadata,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import {
  APP_FILTER,
  APP_GUARD,
  APP_INTERCEPTOR,
  APP_PIPE,
  ContextIdFactory,
  LazyModuleLoader,
  REQUEST,
} from '@nestjs/core';
import { Server, type ServerResponse } from 'node:http';
import { catchError, concat, defer, from, map, of, retry, throwError, timer, type Observable } from 'rxjs';
import {
  InMemoryLalamoveInbox,
  LalamoveInboxHost,
  LalamoveModule,
  OnLalamoveEvent,
  OrderStatusChangedEvent,
  type LalamoveEvent,
  type LalamoveModuleOptions,
  type OrderCreatedEvent,
  type UnknownLalamoveEvent,
  type WalletBalanceChangedEvent,
} from 'nestjs-lalamove';
import { isRecord } from '../../src/internal/is-record.js';
import { PLATFORMS } from '../support/host-app.js';
import { KEYS } from '../support/lalamove.js';
import { turn, until } from '../support/until.js';
import { orderStatus, WebhookHost } from './event-host.js';

/** What happened, in its order. */
let journal: string[] = [];

/** Needs the app's injector: an enhancer that has it was made by that. */
@Injectable()
class Journal {
  add(line: string): void {
    journal.push(line);
  }
}

const ORDER = { order: { orderId: '1', status: 'ASSIGNING_DRIVER' } };
const WALLET = { balance: { currency: 'HKD', amount: '7' } };

abstract class Inherited {
  @OnLalamoveEvent('ORDER_CREATED')
  onCreated({ orderId }: OrderCreatedEvent): void {
    journal.push(`${this.constructor.name} inherited ${orderId}`);
  }
}

@Injectable()
class Provider extends Inherited {
  @OnLalamoveEvent(['ORDER_STATUS_CHANGED', 'WALLET_BALANCE_CHANGED'])
  onEither({ eventType }: OrderStatusChangedEvent | WalletBalanceChangedEvent): void {
    journal.push(`list ${eventType}`);
  }

  @OnLalamoveEvent('ORDER_CREATED')
  @OnLalamoveEvent('WALLET_BALANCE_CHANGED')
  @OnLalamoveEvent(['WALLET_BALANCE_CHANGED', 'WALLET_BALANCE_CHANGED'])
  onBoth({ eventType }: OrderCreatedEvent | WalletBalanceChangedEvent): void {
    journal.push(`both ${eventType}`);
  }

  @OnLalamoveEvent('UNKNOWN')
  onNewer({ sentEventType }: UnknownLalamoveEvent): void {
    journal.push(`newer ${sentEventType}`);
  }
}

@Controller()
class Controlled extends Inherited {
  @OnLalamoveEvent('*')
  onAny({ eventType }: LalamoveEvent): void {
    journal.push(`any ${eventType}`);
  }
}

/** Enhancers that write their name, in a class of their own so that Nest's injector makes them. */
function guarding(name: string, isOpen = true): new (book: Journal) => CanActivate {
  @Injectable()
  class Guard implements CanActivate {
    constructor(private readonly book: Journal) {}

    canActivate(context: ExecutionContext): Observable<boolean> {
      this.book.add(`${name} ${context.getType()} ${context.getClass().name}.${context.getHandler().name}`);
      return of(isOpen);
    }
  }
  return Guard;
}

function intercepting(name: string): new (book: Journal) => NestInterceptor {
  @Injectable()
  class Interceptor implements NestInterceptor {
    constructor(private readonly book: Journal) {}

    intercept(_: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
      this.book.add(`${name} before`);
      return Promise.resolve(
        next.handle().pipe(
          map((value: unknown) => {
            this.book.add(`${name} after ${String(value)}`);
            return value;
          }),
        ),
      );
    }
  }
  return Interceptor;
}

function piping(name: string): new (book: Journal) => PipeTransform {
  @Injectable()
  class Pipe implements PipeTransform {
    constructor(private readonly book: Journal) {}

    transform(value: unknown, { type, metatype, data }: ArgumentMetadata): unknown {
      this.book.add(`${name} ${type} ${metatype?.name ?? 'none'} ${String(data)}`);
      return value;
    }
  }
  return Pipe;
}

class Broken extends Error {}
class Torn extends Error {}

/** A filter that writes its name, and lets the error pass or not. */
function catching(
  name: string,
  rethrows: boolean,
  ...types: (new () => Error)[]
): new (book: Journal) => ExceptionFilter {
  @Catch(...types)
  class Filter implements ExceptionFilter {
    constructor(private readonly book: Journal) {}

    catch(error: Error, host: ArgumentsHost): void {
      this.book.add(`${name} ${error.constructor.name} ${host.getType()}`);
      if (rethrows) throw error;
    }
  }
  return Filter;
}

const ClassGuard = guarding('class guard');
const MethodGuard = guarding('method guard');
const ClosedGuard = guarding('closed guard', false);
const ClassInterceptor = intercepting('class interceptor');
const MethodInterceptor = intercepting('method interceptor');
const ClassPipe = piping('class pipe');
const MethodPipe = piping('method pipe');
const ClassFilter = catching('class filter', false);
const NarrowFilter = catching('narrow filter', false, Torn);
const PassingFilter = catching('passing filter', true, Broken);

/** A pipe that is given as an instance. */
const renaming: PipeTransform = {
  transform: (value: unknown) => {
    journal.push('instance pipe');
    return value instanceof OrderStatusChangedEvent ? { orderId: `renamed ${value.orderId}` } : value;
  },
};

/** The same for a provider and for a controller. */
function enhanced(decorator: ClassDecorator): new () => object {
  @decorator
  @UseGuards(ClassGuard)
  @UseInterceptors(ClassInterceptor)
  @UsePipes(ClassPipe)
  @UseFilters(ClassFilter)
  class Enhanced {
    @OnLalamoveEvent('ORDER_STATUS_CHANGED')
    @UseGuards(MethodGuard)
    @UseInterceptors(MethodInterceptor)
    @UsePipes(MethodPipe, renaming)
    handle(event: OrderStatusChangedEvent): string {
      journal.push(`handle ${event.orderId}`);
      return 'done';
    }

    @OnLalamoveEvent('WALLET_BALANCE_CHANGED')
    @UseFilters(NarrowFilter, PassingFilter)
    fail(): never {
      throw new Broken('broken');
    }

    @OnLalamoveEvent('ORDER_CREATED')
    @UseFilters(NarrowFilter, PassingFilter)
    tear(): never {
      throw new Torn('torn');
    }

    @OnLalamoveEvent('UNKNOWN')
    @UseGuards(ClosedGuard)
    never(): void {
      journal.push('never');
    }
  }
  return Enhanced;
}

const METHOD_COURSE = [
  'method guard lalamove Enhanced.handle',
  'method interceptor before',
  'method pipe custom OrderStatusChangedEvent undefined',
  'instance pipe',
  'handle renamed 1',
  'method interceptor after done',
];

const PROVIDER_COURSE = [
  'class guard lalamove Enhanced.handle',
  'method guard lalamove Enhanced.handle',
  'class interceptor before',
  'method interceptor before',
  'class pipe custom OrderStatusChangedEvent undefined',
  ...METHOD_COURSE.slice(2),
  'class interceptor after done',
];

/** Global enhancers of an app, each of which would break a handler. */
class Hostile implements CanActivate, NestInterceptor, PipeTransform {
  canActivate(): boolean {
    throw new Broken('the global guard ran');
  }

  intercept(): never {
    throw new Broken('the global interceptor ran');
  }

  transform(): never {
    throw new Broken('the global pipe ran');
  }
}

@Catch()
class HostileFilter implements ExceptionFilter {
  catch(): void {
    journal.push('the global filter ran');
  }
}

let made = 0;

@Injectable({ scope: Scope.REQUEST })
class PerEvent {
  readonly number = (made += 1);

  constructor(@Inject(REQUEST) private readonly request: LalamoveEvent) {}

  @OnLalamoveEvent('ORDER_STATUS_CHANGED')
  first(event: OrderStatusChangedEvent): void {
    journal.push(`per event ${event === this.request} ${event.orderId}`);
  }
}

@Injectable()
class AboveIt {
  constructor(private readonly below: PerEvent) {}

  @OnLalamoveEvent('ORDER_STATUS_CHANGED')
  handle({ orderId }: OrderStatusChangedEvent): void {
    journal.push(`above it ${this.below instanceof PerEvent} ${orderId}`);
  }
}

@Injectable({ scope: Scope.TRANSIENT })
class Transient {
  @OnLalamoveEvent('ORDER_STATUS_CHANGED')
  handle({ orderId }: OrderStatusChangedEvent): void {
    journal.push(`transient ${this instanceof Transient} ${orderId}`);
  }
}

@Injectable({ scope: Scope.REQUEST, durable: true })
class Durable {
  @OnLalamoveEvent('ORDER_STATUS_CHANGED')
  handle({ orderId }: OrderStatusChangedEvent): void {
    journal.push(`durable ${this instanceof Durable} ${orderId}`);
  }
}

@Controller({ scope: Scope.REQUEST })
class PerEventController {
  constructor(@Inject(REQUEST) private readonly request: LalamoveEvent) {}

  @OnLalamoveEvent('ORDER_STATUS_CHANGED')
  handle(event: OrderStatusChangedEvent): void {
    journal.push(`controller ${event === this.request} ${event.orderId}`);
  }
}

/** Knows the event that its handler is called with. */
@Injectable({ scope: Scope.REQUEST })
class PerEventGuard implements CanActivate {
  constructor(@Inject(REQUEST) private readonly request: LalamoveEvent) {}

  canActivate(context: ExecutionContext): boolean {
    journal.push(`guard ${context.getArgByIndex<unknown>(0) === this.request}`);
    return true;
  }
}

/** A class with a handler that counts as a part of many apps. */
@Injectable()
class Simple {
  constructor(readonly name: string) {}

  @OnLalamoveEvent('ORDER_STATUS_CHANGED')
  @UseGuards(PerEventGuard)
  @UseInterceptors(MethodInterceptor)
  handle({ orderId }: OrderStatusChangedEvent): void {
    journal.push(`${this.name} ${orderId}`);
  }
}

describe.each(PLATFORMS)('handlers on %s', (platform) => {
  let host: WebhookHost;

  beforeEach(() => {
    journal = [];
    made = 0;
  });

  afterEach(async () => {
    jest.useRealTimers();
    await host.close();
  });

  async function start(
    metadata: ModuleMetadata,
    prepare?: (app: INestApplication) => void,
    account?: Partial<LalamoveModuleOptions>,
  ): Promise<void> {
    const providers = [Journal, ...(metadata.providers ?? [])];
    host = await WebhookHost.start(platform, { ...metadata, providers }, prepare, account);
  }

  /** What was written down until it is so many lines, and nothing more comes of it. */
  async function lines(count: number): Promise<string[]> {
    await until(() => journal.length >= count);
    for (let turns = 0; turns < 3; turns += 1) await turn();
    return journal;
  }

  it('of providers and controllers, inherited, with several decorators, for lists and for all, are called once each', async () => {
    await start({ providers: [Provider], controllers: [Controlled] });
    await host.send('ORDER_CREATED', ORDER);
    expect((await lines(4)).sort()).toEqual([
      'Controlled inherited 1',
      'Provider inherited 1',
      'any ORDER_CREATED',
      'both ORDER_CREATED',
    ]);
    journal = [];
    await host.send('WALLET_BALANCE_CHANGED', WALLET);
    expect((await lines(3)).sort()).toEqual([
      'any WALLET_BALANCE_CHANGED',
      'both WALLET_BALANCE_CHANGED',
      'list WALLET_BALANCE_CHANGED',
    ]);
    journal = [];
    await host.send('ORDER_TELEPORTED', ORDER);
    expect((await lines(2)).sort()).toEqual(['any UNKNOWN', 'newer ORDER_TELEPORTED']);
    expect(host.log).toMatchObject({ errors: [], warnings: [] });
  });

  it('of an account get its events alone', async () => {
    @Injectable()
    class Accounts {
      @OnLalamoveEvent('WALLET_BALANCE_CHANGED', { account: 'th' })
      ofOne({ account }: WalletBalanceChangedEvent): void {
        journal.push(`one ${String(account)}`);
      }

      @OnLalamoveEvent('*', {})
      ofAll({ account }: LalamoveEvent): void {
        journal.push(`all ${String(account)}`);
      }
    }
    const path = '/webhooks/th';
    const secret = 'sk_test_th';
    const th = LalamoveModule.forRoot({ ...KEYS, name: 'th', market: 'TH', apiSecret: secret, webhook: { path } });
    await start({ imports: [th], providers: [Accounts] });
    expect(await host.send('WALLET_BALANCE_CHANGED', WALLET)).toBe(200);
    expect(await lines(1)).toEqual(['all undefined']);
    expect(await host.send('WALLET_BALANCE_CHANGED', WALLET, { path, secret })).toBe(200);
    expect((await lines(3)).slice(1).sort()).toEqual(['all th', 'one th']);
  });

  describe('with enhancers', () => {
    it('of a provider have those of class and method, in Nest’s order, made by the injector of their module', async () => {
      await start({ providers: [enhanced(Injectable())] });
      await host.send('ORDER_STATUS_CHANGED', orderStatus('1'));
      expect(await lines(PROVIDER_COURSE.length)).toEqual(PROVIDER_COURSE);
    });

    it('of a controller have those of the method alone', async () => {
      await start({ controllers: [enhanced(Controller())] });
      await host.send('ORDER_STATUS_CHANGED', orderStatus('1'));
      expect(await lines(METHOD_COURSE.length)).toEqual(METHOD_COURSE);
    });

    const Enhanced = enhanced(Injectable());
    it.each([
      ['a factory makes', { provide: 'A', useFactory: () => new Enhanced() }],
      ['is given', { provide: 'A', useValue: new Enhanced() }],
      ['is of a class under another name', { provide: 'A', useClass: Enhanced }],
    ])('of what %s have them, too', async (_, provider) => {
      await start({ providers: [provider] });
      await host.send('ORDER_STATUS_CHANGED', orderStatus('1'));
      expect(await lines(PROVIDER_COURSE.length)).toEqual(PROVIDER_COURSE);
      expect(host.log.errors).toEqual([]);
    });

    it('leave an error to the nearest filter that catches it; what that lets pass has failed', async () => {
      await start({ controllers: [enhanced(Controller())] });
      await host.send('ORDER_CREATED', ORDER);
      expect(await lines(1)).toEqual(['narrow filter Torn lalamove']);
      expect(host.log.errors).toEqual([]);
      await host.send('WALLET_BALANCE_CHANGED', WALLET);
      expect((await lines(2))[1]).toBe('passing filter Broken lalamove');
      await until(() => host.log.errors.length > 0);
      expect(host.log.errors).toEqual([
        expect.stringMatching(/A handler failed .*handler=Enhanced\.fail .*error=broken/),
      ]);
    });

    it('leave to the class’s filter what the method’s do not catch', async () => {
      @Injectable()
      @UseFilters(ClassFilter)
      class Filtered {
        @OnLalamoveEvent('ORDER_CREATED')
        @UseFilters(NarrowFilter)
        fail(): Promise<never> {
          return Promise.reject(new Broken());
        }

        @OnLalamoveEvent('WALLET_BALANCE_CHANGED')
        @UseFilters(NarrowFilter)
        tear(): never {
          throw new Torn();
        }
      }
      await start({ providers: [Filtered] });
      await host.send('ORDER_CREATED', ORDER);
      expect(await lines(1)).toEqual(['class filter Broken lalamove']);
      await host.send('WALLET_BALANCE_CHANGED', WALLET);
      expect((await lines(2))[1]).toBe('narrow filter Torn lalamove');
      expect(host.log.errors).toEqual([]);
    });

    it('are not called where a guard refuses, which is a failure', async () => {
      await start({ controllers: [enhanced(Controller())] });
      await host.send('NEWER', ORDER);
      await until(() => host.log.errors.length > 0);
      expect(host.log.errors).toEqual([expect.stringMatching(/handler=Enhanced\.never .*error=Forbidden/)]);
      expect(journal).toEqual(['closed guard lalamove Enhanced.never']);
    });

    it('are repeated with all that is inside the interceptor that does so, and what that throws is seen', async () => {
      let tries = 0;
      const repeating: NestInterceptor = { intercept: (_, next) => next.handle().pipe(retry(2)) };
      const mending: NestInterceptor = {
        intercept: (_, next) =>
          next.handle().pipe(
            catchError((error: unknown) => {
              journal.push(`mended ${String(error instanceof Broken)}`);
              return of('mended');
            }),
          ),
      };
      const failing: NestInterceptor = {
        intercept: () => {
          tries += 1;
          journal.push(`try ${tries}`);
          throw new Broken();
        },
      };
      @Injectable()
      class Mended {
        @OnLalamoveEvent('ORDER_CREATED')
        @UseInterceptors(mending, repeating, failing)
        handle(): void {
          journal.push('handled');
        }
      }
      await start({ providers: [Mended] });
      await host.send('ORDER_CREATED', ORDER);
      expect(await lines(4)).toEqual(['try 1', 'try 2', 'try 3', 'mended true']);
      expect(host.log.errors).toEqual([]);
    });

    it('have nothing of the app’s global ones', async () => {
      const hostile = new Hostile();
      await start(
        {
          controllers: [enhanced(Controller()), Controlled],
          providers: [
            { provide: APP_GUARD, useClass: Hostile },
            { provide: APP_PIPE, useClass: Hostile },
            { provide: APP_INTERCEPTOR, useClass: Hostile },
            { provide: APP_FILTER, useClass: HostileFilter },
            Provider,
          ],
        },
        (app) => {
          app.useGlobalGuards(hostile);
          app.useGlobalPipes(hostile);
          app.useGlobalInterceptors(hostile);
          app.useGlobalFilters(new HostileFilter());
        },
      );
      expect(await host.send('ORDER_STATUS_CHANGED', orderStatus('1'))).toBe(200);
      expect((await lines(8)).sort()).toEqual(
        [...METHOD_COURSE, 'any ORDER_STATUS_CHANGED', 'list ORDER_STATUS_CHANGED'].sort(),
      );
      // What a handler throws is not the global filter's.
      await host.send('WALLET_BALANCE_CHANGED', WALLET);
      await until(() => host.log.errors.length > 0);
      expect(journal).not.toContain('the global filter ran');
    });
  });

  describe('of each scope', () => {
    it('are made for each event, which is their request', async () => {
      const providers = [PerEvent, AboveIt, Transient, Durable];
      await start({ providers, controllers: [PerEventController] });
      for (const orderId of ['1', '2']) {
        journal = [];
        await host.send('ORDER_STATUS_CHANGED', orderStatus(orderId));
        expect((await lines(5)).sort()).toEqual([
          `above it true ${orderId}`,
          `controller true ${orderId}`,
          `durable true ${orderId}`,
          `per event true ${orderId}`,
          `transient true ${orderId}`,
        ]);
      }
      // For each event by its own handler, and by the one that has it injected.
      expect(made).toBe(4);
      expect(host.log.errors).toEqual([]);
    });

    it('do not mind a strategy for contexts that expects a request', async () => {
      const attach = (): never => {
        throw new Broken('there are no headers');
      };
      ContextIdFactory.apply({ attach });
      try {
        await start({ providers: [Durable] });
        await host.send('ORDER_STATUS_CHANGED', orderStatus('1'));
        expect(await lines(1)).toEqual(['durable true 1']);
      } finally {
        // Nest itself has no other way back.
        Reflect.deleteProperty(ContextIdFactory, 'strategy');
      }
    });
  });

  it('that return observables are waited for to their end, and fail with them', async () => {
    @Injectable()
    class Streams {
      @OnLalamoveEvent('ORDER_CREATED')
      several(): Observable<number> {
        return defer(() => {
          journal.push('subscribed');
          return concat(from([1, 2]), timer(5).pipe(map(() => journal.push('last'))));
        });
      }

      @OnLalamoveEvent('WALLET_BALANCE_CHANGED')
      failing(): Observable<never> {
        return throwError(() => new Broken('the stream broke'));
      }
    }
    await start({ providers: [Streams] });
    await host.send('ORDER_CREATED', ORDER);
    expect(await lines(2)).toEqual(['subscribed', 'last']);
    await host.send('WALLET_BALANCE_CHANGED', WALLET);
    await until(() => host.log.errors.length > 0);
    expect(host.log.errors).toEqual([expect.stringMatching(/Streams\.failing .*error=the stream broke/)]);
  });

  describe('provided', () => {
    const guardAnd = (name: string): string[] => [
      'guard true',
      'method interceptor before',
      `${name} 1`,
      'method interceptor after undefined',
    ];

    it.each([
      ['by a factory', [{ provide: 'A', useFactory: () => Promise.resolve(new Simple('factory')) }], 'factory'],
      ['as a value', [{ provide: 'A', useValue: new Simple('value') }], 'value'],
      [
        'under a second name',
        [
          { provide: 'A', useFactory: () => new Simple('first') },
          { provide: 'B', useExisting: 'A' },
        ],
        'first',
      ],
    ])('%s run once, with their enhancers', async (_, providers, name) => {
      await start({ providers });
      await host.send('ORDER_STATUS_CHANGED', orderStatus('1'));
      expect(await lines(4)).toEqual(guardAnd(name));
      expect(host.log).toMatchObject({ errors: [], warnings: [] });
    });

    it('twice by two instances both run, under two names', async () => {
      const tear = (): never => {
        throw new Torn('torn');
      };
      class Tearing {
        @OnLalamoveEvent('ORDER_CREATED')
        handle(): void {
          tear();
        }
      }
      await start({
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

    it('in two modules run once, and that is warned of', async () => {
      @Module({ providers: [Provider] })
      class Left {}
      @Module({ providers: [Provider] })
      class Right {}
      await start({ imports: [Left, Right] });
      await host.send('ORDER_CREATED', ORDER);
      expect((await lines(2)).sort()).toEqual(['Provider inherited 1', 'both ORDER_CREATED']);
      expect(host.log.warnings).toEqual([
        'A class with handlers is provided twice: they run once (class=Provider runs=Left left_out=Right)',
      ]);
    });

    it('by a module that is loaded later do no harm', async () => {
      await start({ providers: [Provider] });
      @Module({ providers: [Durable, Transient] })
      class Later {}
      await host.app.get(LazyModuleLoader).load(() => Later);
      await host.send('ORDER_STATUS_CHANGED', orderStatus('1'));
      expect(await lines(1)).toEqual(['list ORDER_STATUS_CHANGED']);
      expect(host.log.errors).toEqual([]);
    });

    it('with the decorator of another copy of this package are found', async () => {
      jest.resetModules();
      const copy = await import('../../src/webhooks/events/on-lalamove-event.decorator.js');
      expect(copy.OnLalamoveEvent).not.toBe(OnLalamoveEvent);
      @Injectable()
      class Copied {
        @copy.OnLalamoveEvent('ORDER_STATUS_CHANGED')
        handle({ orderId }: { orderId: string }): void {
          journal.push(`copied ${orderId}`);
        }
      }
      await start({ providers: [Copied] });
      await host.send('ORDER_STATUS_CHANGED', orderStatus('1'));
      expect(await lines(1)).toEqual(['copied 1']);
    });
  });

  describe('that go wrong', () => {
    /** Each in its own way; `mends` says whether the next try succeeds. */
    @Injectable()
    class Wrong {
      mends = false;

      @OnLalamoveEvent('ORDER_STATUS_CHANGED')
      throws(): void {
        journal.push('throws');
        if (!this.mends) throw new Broken('thrown');
      }

      @OnLalamoveEvent('ORDER_STATUS_CHANGED')
      rejects(): Promise<void> {
        journal.push('rejects');
        return this.mends ? Promise.resolve() : Promise.reject(new Torn('rejected'));
      }

      @OnLalamoveEvent('WALLET_BALANCE_CHANGED')
      hangs(): Promise<never> {
        journal.push('hangs');
        return new Promise(() => undefined);
      }

      @OnLalamoveEvent('*')
      fine({ eventType }: LalamoveEvent): void {
        journal.push(`fine ${eventType}`);
      }
    }

    function fakeTimers(): void {
      jest.useFakeTimers({
        doNotFake: ['Date', 'hrtime', 'performance', 'nextTick', 'queueMicrotask', 'setImmediate', 'clearImmediate'],
      });
    }

    it('harm no other, are logged with event and handler, and are tried again at the delays of the inbox', async () => {
      await start({ providers: [Wrong] });
      fakeTimers();
      const eventId = 'B35F478A-2136-4566-9430-C419C2A8762F';
      expect(await host.send('ORDER_STATUS_CHANGED', orderStatus('1'), { eventId })).toBe(200);
      expect(await lines(3)).toEqual(['throws', 'rejects', 'fine ORDER_STATUS_CHANGED']);
      const [first, second] = host.log.errors;
      const event = `event=ORDER_STATUS_CHANGED id=${eventId} fingerprint=[\\w-]{43}`;
      expect(first).toMatch(new RegExp(`^A handler failed \\(handler=Wrong.throws ${event} error=thrown\\)$`));
      expect(second).toMatch(new RegExp(`^A handler failed \\(handler=Wrong.rejects ${event} error=rejected\\)$`));
      for (const delay of [1000, 10_000]) {
        journal = [];
        await jest.advanceTimersByTimeAsync(delay - 1);
        expect(await lines(0)).toEqual([]);
        await jest.advanceTimersByTimeAsync(1);
        expect(await lines(2)).toEqual(['throws', 'rejects']);
      }
      host.app.get(Wrong).mends = true;
      journal = [];
      await jest.advanceTimersByTimeAsync(60_000);
      expect(await lines(2)).toEqual(['throws', 'rejects']);
      await jest.advanceTimersByTimeAsync(3_600_000);
      expect(await lines(2)).toHaveLength(2);
      expect(host.log.errors).toHaveLength(6);
    });

    it('to the last are set aside, with one line for each handler', async () => {
      await start({ providers: [Wrong] });
      fakeTimers();
      await host.send('ORDER_STATUS_CHANGED', orderStatus('1'), { eventId: 'E-1' });
      await lines(3);
      for (const delay of [1000, 10_000, 60_000, 600_000, 3_600_000]) {
        await jest.advanceTimersByTimeAsync(delay);
        await lines(0);
      }
      const aside = host.log.errors.filter((line) => line.startsWith('An event is set aside'));
      expect(aside.sort()).toEqual(
        ['rejects', 'throws'].map((name) =>
          expect.stringMatching(
            new RegExp(`event=ORDER_STATUS_CHANGED id=E-1 fingerprint=[\\w-]{43} handler=Wrong.${name} tries=5\\)$`),
          ),
        ),
      );
      expect(journal.filter((line) => line === 'throws')).toHaveLength(5);
      expect(journal.filter((line) => line.startsWith('fine'))).toHaveLength(1);
      // It is not forgotten by that.
      await host.send('ORDER_STATUS_CHANGED', orderStatus('1'), { eventId: 'E-1' });
      expect((await lines(0)).filter((line) => line === 'throws')).toHaveLength(5);
    });

    it('do not keep others waiting when they hang', async () => {
      await start({ providers: [Wrong] }, (app) => {
        app.get(LalamoveInboxHost).inbox = new InMemoryLalamoveInbox({ shutdownMs: 1 });
      });
      expect(await host.send('WALLET_BALANCE_CHANGED', WALLET)).toBe(200);
      expect(await lines(2)).toEqual(['hangs', 'fine WALLET_BALANCE_CHANGED']);
      expect(await host.send('UNHEARD', WALLET)).toBe(200);
      expect((await lines(3))[2]).toBe('fine UNKNOWN');
    });

    it('do not mind a logger that throws', async () => {
      const unhandled: unknown[] = [];
      const note = (error: unknown): unknown => unhandled.push(error);
      process.on('unhandledRejection', note);
      await start({ providers: [Wrong] });
      fakeTimers();
      host.app.useLogger({
        ...host.log,
        log: () => undefined,
        warn: () => undefined,
        error: () => {
          throw new Broken('the log is full');
        },
      });
      await host.send('ORDER_STATUS_CHANGED', orderStatus('1'));
      await lines(3);
      for (const delay of [1000, 10_000, 60_000, 600_000]) {
        await jest.advanceTimersByTimeAsync(delay);
        await lines(0);
      }
      expect(journal.filter((line) => line === 'throws')).toHaveLength(5);
      expect(await host.post('[')).toBe(400);
      host.app.useLogger(host.log);
      process.off('unhandledRejection', note);
      expect(unhandled).toEqual([]);
    });
  });

  it('begin when the answer has left, though they block all else', async () => {
    const responses: ServerResponse[] = [];
    const left: unknown[] = [];
    @Injectable()
    class Blocking {
      @OnLalamoveEvent('ORDER_STATUS_CHANGED')
      handle(): void {
        // What has left is in the kernel's hands: nothing that this process does keeps it any more.
        const [response] = responses;
        left.push([response?.writableEnded, response?.socket?.writableLength ?? 0, response?.statusCode]);
        const end = performance.now() + 300;
        while (performance.now() < end);
        journal.push('unblocked');
      }
    }
    await start({ providers: [Blocking] });
    const server: unknown = host.app.getHttpServer();
    if (!(server instanceof Server)) throw new TypeError('There is no server.');
    server.on('request', (_, response: ServerResponse) => responses.push(response));
    expect(await host.send('ORDER_STATUS_CHANGED', orderStatus('1'))).toBe(200);
    expect(await lines(1)).toEqual(['unblocked']);
    expect(left).toEqual([[true, 0, 200]]);
  });

  it('cannot change an event for others', async () => {
    @Injectable()
    class Vandal {
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
        journal.push(`${event.orderId} ${JSON.stringify(event.raw)} ${'more' in event}`);
      }
    }
    await start({ providers: [Vandal] });
    await host.send('ORDER_STATUS_CHANGED', orderStatus('1'));
    expect(await lines(1)).toEqual([`1 ${JSON.stringify(orderStatus('1'))} false`]);
    expect(host.log.errors).toEqual([]);
  });
});

describe('at boot', () => {
  let host: WebhookHost | undefined;

  afterEach(async () => {
    await host?.close();
    host = undefined;
  });

  @Injectable()
  class OfAnother {
    @OnLalamoveEvent('*', { account: 'siam' })
    handle(): void {
      return;
    }
  }

  const boot = async (metadata: ModuleMetadata, account: Partial<LalamoveModuleOptions>): Promise<WebhookHost> =>
    (host = await WebhookHost.start('express', metadata, undefined, account));

  it('handlers that no endpoint serves are named', async () => {
    const { log } = await boot({ providers: [Provider, Journal] }, { webhook: undefined });
    expect(log.warnings).toEqual([
      expect.stringMatching(
        /^No endpoint brings these handlers events: set webhook: .* \(handlers=Provider\.onEither, Provider\.onBoth, Provider\.onNewer, Provider\.onCreated\)$/,
      ),
    ]);
  });

  it.each([
    ['there is an endpoint', { path: 'hooks' }],
    ['a route of the host’s own serves them', {}],
  ])('nothing is said where %s', async (_, webhook) => {
    const { log } = await boot({ providers: [Provider, Journal] }, { webhook });
    expect(log).toMatchObject({ errors: [], warnings: [] });
  });

  it('nothing is said where there are no handlers', async () => {
    expect((await boot({}, { webhook: undefined })).log).toMatchObject({ errors: [], warnings: [] });
  });

  it('a handler of an account that is not registered is an error', async () => {
    await expect(boot({ providers: [OfAnother] }, {})).rejects.toThrow(
      /OfAnother\.handle handles events of the account "siam", which is not registered/,
    );
  });

  it('but not where accounts are resolved, or it is registered', async () => {
    const resolveAccount = (): undefined => undefined;
    await boot({ providers: [OfAnother] }, { webhook: { path: 'hooks', resolveAccount } });
    await host?.close();
    const { log } = await boot({ providers: [OfAnother] }, { name: 'siam' });
    expect(log).toMatchObject({ errors: [], warnings: [] });
  });
});
