import { beforeEach, expect, it } from '@jest/globals';
import { Controller, Inject, Injectable, Module, Scope } from '@nestjs/common';
import { ContextIdFactory, LazyModuleLoader, REQUEST } from '@nestjs/core';
import { OnLalamoveEvent, OrderStatusChangedEvent, type LalamoveEvent } from 'nestjs-lalamove';
import { orderStatus } from './event-host.js';
import { Broken, describeHandlers, journal, Provider } from './handler-host.js';

let made = 0;

@Injectable({ scope: Scope.REQUEST })
class PerEvent {
  readonly number = (made += 1);

  constructor(@Inject(REQUEST) private readonly request: LalamoveEvent) {}

  @OnLalamoveEvent('ORDER_STATUS_CHANGED')
  first(event: OrderStatusChangedEvent): void {
    journal.add(`per event ${event === this.request} ${event.orderId}`);
  }
}

@Injectable()
class Parent {
  constructor(private readonly child: PerEvent) {}

  @OnLalamoveEvent('ORDER_STATUS_CHANGED')
  handle({ orderId }: OrderStatusChangedEvent): void {
    journal.add(`parent ${this.child instanceof PerEvent} ${orderId}`);
  }
}

@Injectable({ scope: Scope.TRANSIENT })
class Transient {
  @OnLalamoveEvent('ORDER_STATUS_CHANGED')
  handle({ orderId }: OrderStatusChangedEvent): void {
    journal.add(`transient ${this instanceof Transient} ${orderId}`);
  }
}

@Injectable({ scope: Scope.REQUEST, durable: true })
class Durable {
  @OnLalamoveEvent('ORDER_STATUS_CHANGED')
  handle({ orderId }: OrderStatusChangedEvent): void {
    journal.add(`durable ${this instanceof Durable} ${orderId}`);
  }
}

@Controller({ scope: Scope.REQUEST })
class PerEventController {
  constructor(@Inject(REQUEST) private readonly request: LalamoveEvent) {}

  @OnLalamoveEvent('ORDER_STATUS_CHANGED')
  handle(event: OrderStatusChangedEvent): void {
    journal.add(`controller ${event === this.request} ${event.orderId}`);
  }
}

describeHandlers('LalamoveEventHandlers', (host) => {
  beforeEach(() => {
    made = 0;
  });

  it('creates request-scoped handlers for each event, which is their REQUEST', async () => {
    const providers = [PerEvent, Parent, Transient, Durable];
    await host.start({ providers, controllers: [PerEventController] });
    for (const orderId of ['1', '2']) {
      journal.clear();
      await host.send('ORDER_STATUS_CHANGED', orderStatus(orderId));
      expect((await host.lines(5)).sort()).toEqual([
        `controller true ${orderId}`,
        `durable true ${orderId}`,
        `parent true ${orderId}`,
        `per event true ${orderId}`,
        `transient true ${orderId}`,
      ]);
    }
    // Created twice for each event: for its own handler, and for the handler that injects it.
    expect(made).toBe(4);
    expect(host.log.errors).toEqual([]);
  });

  it('works with a context id strategy that expects an HTTP request', async () => {
    const attach = (): never => {
      throw new Broken('there are no headers');
    };
    ContextIdFactory.apply({ attach });
    try {
      await host.start({ providers: [Durable] });
      await host.send('ORDER_STATUS_CHANGED', orderStatus('1'));
      expect(await host.lines(1)).toEqual(['durable true 1']);
    } finally {
      // Nest has no other way to reset the strategy.
      Reflect.deleteProperty(ContextIdFactory, 'strategy');
    }
  });

  it('ignores the handlers of a module that is loaded later', async () => {
    await host.start({ providers: [Provider] });
    @Module({ providers: [Durable, Transient] })
    class Later {}
    await host.app.get(LazyModuleLoader).load(() => Later);
    await host.send('ORDER_STATUS_CHANGED', orderStatus('1'));
    expect(await host.lines(1)).toEqual(['list ORDER_STATUS_CHANGED']);
    expect(host.log.errors).toEqual([]);
  });
});
