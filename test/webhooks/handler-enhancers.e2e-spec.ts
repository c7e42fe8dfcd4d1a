import { expect, it } from '@jest/globals';
import {
  Catch,
  Controller,
  Injectable,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type ArgumentMetadata,
  type ArgumentsHost,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { catchError, of, retry, type Observable } from 'rxjs';
import { OnLalamoveEvent, OrderStatusChangedEvent } from 'nestjs-lalamove';
import { until } from '../support/until.js';
import { orderStatus } from './event-host.js';
import {
  Broken,
  Controlled,
  describeHandlers,
  journal,
  Journal,
  MethodInterceptor,
  ORDER,
  Provider,
  Torn,
  WALLET,
  intercepting,
} from './handler-host.js';

/** Enhancers that write their name to the journal. They are classes, so that Nest's injector creates them. */
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

/** A filter that writes its name to the journal, and rethrows the error or not. */
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
const ClassPipe = piping('class pipe');
const MethodPipe = piping('method pipe');
const ClassFilter = catching('class filter', false);
const NarrowFilter = catching('narrow filter', false, Torn);
const PassingFilter = catching('passing filter', true, Broken);

/** A pipe that a decorator gets as an instance. */
const renaming: PipeTransform = {
  transform: (value: unknown) => {
    journal.add('instance pipe');
    return value instanceof OrderStatusChangedEvent ? { orderId: `renamed ${value.orderId}` } : value;
  },
};

/** A class with handlers and enhancers, as a provider or as a controller. */
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
      journal.add(`handle ${event.orderId}`);
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
      journal.add('never');
    }
  }
  return Enhanced;
}

const METHOD_STEPS = [
  'method guard lalamove Enhanced.handle',
  'method interceptor before',
  'method pipe custom OrderStatusChangedEvent undefined',
  'instance pipe',
  'handle renamed 1',
  'method interceptor after done',
];

const PROVIDER_STEPS = [
  'class guard lalamove Enhanced.handle',
  'method guard lalamove Enhanced.handle',
  'class interceptor before',
  'method interceptor before',
  'class pipe custom OrderStatusChangedEvent undefined',
  ...METHOD_STEPS.slice(2),
  'class interceptor after done',
];

/** Global enhancers of an app. Each would make a handler fail. */
class Throwing implements CanActivate, NestInterceptor, PipeTransform {
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
class ThrowingFilter implements ExceptionFilter {
  catch(): void {
    journal.add('the global filter ran');
  }
}

describeHandlers('enhancers of a handler', (host) => {
  it('apply in a provider from class and method, in Nest’s order, created by the injector of its module', async () => {
    await host.start({ providers: [enhanced(Injectable())] });
    await host.send('ORDER_STATUS_CHANGED', orderStatus('1'));
    expect(await host.lines(PROVIDER_STEPS.length)).toEqual(PROVIDER_STEPS);
  });

  it('apply in a controller from the method only', async () => {
    await host.start({ controllers: [enhanced(Controller())] });
    await host.send('ORDER_STATUS_CHANGED', orderStatus('1'));
    expect(await host.lines(METHOD_STEPS.length)).toEqual(METHOD_STEPS);
  });

  const Enhanced = enhanced(Injectable());
  it.each([
    ['is created by a factory', { provide: 'A', useFactory: () => new Enhanced() }],
    ['is provided as a value', { provide: 'A', useValue: new Enhanced() }],
    ['is provided under another name', { provide: 'A', useClass: Enhanced }],
  ])('apply to a handler whose class %s', async (_, provider) => {
    await host.start({ providers: [provider] });
    await host.send('ORDER_STATUS_CHANGED', orderStatus('1'));
    expect(await host.lines(PROVIDER_STEPS.length)).toEqual(PROVIDER_STEPS);
    expect(host.log.errors).toEqual([]);
  });

  it('pass an error to the nearest filter that catches it; if it rethrows, the handler fails', async () => {
    await host.start({ controllers: [enhanced(Controller())] });
    await host.send('ORDER_CREATED', ORDER);
    expect(await host.lines(1)).toEqual(['narrow filter Torn lalamove']);
    expect(host.log.errors).toEqual([]);
    await host.send('WALLET_BALANCE_CHANGED', WALLET);
    expect((await host.lines(2))[1]).toBe('passing filter Broken lalamove');
    await until(() => host.log.errors.length > 0);
    expect(host.log.errors).toEqual([
      expect.stringMatching(/A handler failed .*handler=Enhanced\.fail .*error=broken/),
    ]);
  });

  it('pass an error to the filter of the class if no filter of the method catches it', async () => {
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
    await host.start({ providers: [Filtered] });
    await host.send('ORDER_CREATED', ORDER);
    expect(await host.lines(1)).toEqual(['class filter Broken lalamove']);
    await host.send('WALLET_BALANCE_CHANGED', WALLET);
    expect((await host.lines(2))[1]).toBe('narrow filter Torn lalamove');
    expect(host.log.errors).toEqual([]);
  });

  it('fail the handler if a guard refuses', async () => {
    await host.start({ controllers: [enhanced(Controller())] });
    await host.send('NEWER', ORDER);
    await until(() => host.log.errors.length > 0);
    expect(host.log.errors).toEqual([expect.stringMatching(/handler=Enhanced\.never .*error=Forbidden/)]);
    expect(journal.lines).toEqual(['closed guard lalamove Enhanced.never']);
  });

  it('run again if an outer interceptor retries, and an outer interceptor can handle their errors', async () => {
    let tries = 0;
    const repeating: NestInterceptor = { intercept: (_, next) => next.handle().pipe(retry(2)) };
    const mending: NestInterceptor = {
      intercept: (_, next) =>
        next.handle().pipe(
          catchError((error: unknown) => {
            journal.add(`mended ${String(error instanceof Broken)}`);
            return of('mended');
          }),
        ),
    };
    const failing: NestInterceptor = {
      intercept: () => {
        tries += 1;
        journal.add(`try ${tries}`);
        throw new Broken();
      },
    };
    @Injectable()
    class Mended {
      @OnLalamoveEvent('ORDER_CREATED')
      @UseInterceptors(mending, repeating, failing)
      handle(): void {
        journal.add('handled');
      }
    }
    await host.start({ providers: [Mended] });
    await host.send('ORDER_CREATED', ORDER);
    expect(await host.lines(4)).toEqual(['try 1', 'try 2', 'try 3', 'mended true']);
    expect(host.log.errors).toEqual([]);
  });

  it('do not include the global ones of the app', async () => {
    const throwing = new Throwing();
    await host.start(
      {
        controllers: [enhanced(Controller()), Controlled],
        providers: [
          { provide: APP_GUARD, useClass: Throwing },
          { provide: APP_PIPE, useClass: Throwing },
          { provide: APP_INTERCEPTOR, useClass: Throwing },
          { provide: APP_FILTER, useClass: ThrowingFilter },
          Provider,
        ],
      },
      (app) => {
        app.useGlobalGuards(throwing);
        app.useGlobalPipes(throwing);
        app.useGlobalInterceptors(throwing);
        app.useGlobalFilters(new ThrowingFilter());
      },
    );
    expect(await host.send('ORDER_STATUS_CHANGED', orderStatus('1'))).toBe(200);
    expect((await host.lines(8)).sort()).toEqual(
      [...METHOD_STEPS, 'any ORDER_STATUS_CHANGED', 'list ORDER_STATUS_CHANGED'].sort(),
    );
    // The global filter does not get the errors of handlers.
    await host.send('WALLET_BALANCE_CHANGED', WALLET);
    await until(() => host.log.errors.length > 0);
    expect(journal.lines).not.toContain('the global filter ran');
  });
});
