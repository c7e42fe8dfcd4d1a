import { describe, expect, it } from '@jest/globals';
import { factsOf } from '../../../test/webhooks/event-samples.js';
import type { UnknownLalamoveEvent, WalletBalanceChangedEvent } from './account-events.js';
import { readLalamoveEvent, type LalamoveEvent, type LalamoveEventOf } from './lalamove-event.js';
import type { LalamoveWebhookEvent } from './lalamove-webhook-event.js';
import type { LalamoveOrderEvent, OrderCreatedEvent, OrderStatusChangedEvent } from './order-events.js';
import { OnLalamoveEvent, subscriptionsOf } from './on-lalamove-event.decorator.js';

/** What compiles and what does not. `tsc` checks it. */
class Handlers {
  @OnLalamoveEvent('ORDER_CREATED')
  one(event: OrderCreatedEvent): string {
    return event.orderId;
  }

  @OnLalamoveEvent(['ORDER_CREATED', 'ORDER_STATUS_CHANGED'], { account: 'th' })
  several(event: OrderCreatedEvent | OrderStatusChangedEvent): Promise<string> {
    return Promise.resolve(event.status);
  }

  @OnLalamoveEvent('*')
  all(event: LalamoveEvent): void {
    expect(event).toBeDefined();
  }

  @OnLalamoveEvent('UNKNOWN')
  newer(event: UnknownLalamoveEvent): string {
    return event.sentEventType;
  }

  @OnLalamoveEvent('ORDER_CREATED')
  @OnLalamoveEvent('WALLET_BALANCE_CHANGED', { account: 'th' })
  twice(event: OrderCreatedEvent | WalletBalanceChangedEvent): void {
    expect(event).toBeDefined();
  }

  @OnLalamoveEvent(['ORDER_CREATED', 'ORDER_STATUS_CHANGED'])
  wider(event: LalamoveOrderEvent): string {
    return event.orderId;
  }

  @OnLalamoveEvent('*')
  widest(event: LalamoveWebhookEvent): string {
    return event.occurredAt;
  }

  @OnLalamoveEvent('ORDER_REPLACED')
  none(): void {
    return;
  }

  plain(): void {
    return;
  }

  // @ts-expect-error ORDER_CREATED is no wallet event
  @OnLalamoveEvent('ORDER_CREATED')
  wrong(event: WalletBalanceChangedEvent): void {
    expect(event).toBeDefined();
  }

  // @ts-expect-error the parameter lacks a type of the list
  @OnLalamoveEvent(['ORDER_CREATED', 'WALLET_BALANCE_CHANGED'])
  tooNarrow(event: OrderCreatedEvent): void {
    expect(event).toBeDefined();
  }

  // @ts-expect-error '*' includes more than one type
  @OnLalamoveEvent('*')
  narrowForAll(event: OrderCreatedEvent): void {
    expect(event).toBeDefined();
  }

  // @ts-expect-error the type does not exist
  @OnLalamoveEvent('ORDER_TELEPORTED')
  misspelt(event: LalamoveEvent): void {
    expect(event).toBeDefined();
  }

  // @ts-expect-error handlers get no second argument
  @OnLalamoveEvent('ORDER_CREATED')
  second(event: OrderCreatedEvent, more: string): void {
    expect([event, more]).toBeDefined();
  }
}

/** A `switch` over `eventType` narrows the class. */
function subjectOf(event: LalamoveEvent): string {
  switch (event.eventType) {
    case 'ORDER_CREATED':
    case 'ORDER_STATUS_CHANGED':
    case 'POD_STATUS_CHANGED':
    case 'POP_STATUS_CHANGED':
    case 'DELIVERY_CODE_STATUS_CHANGED':
    case 'ORDER_EDITED':
      return event.orderId;
    case 'ORDER_AMOUNT_CHANGED':
      return event.price.totalPrice;
    case 'ORDER_REPLACED':
      return event.prevOrderId;
    case 'DRIVER_ASSIGNED':
      return event.driver.driverId;
    case 'WALLET_BALANCE_CHANGED':
      // @ts-expect-error a wallet event has no order
      expect(event.orderId).toBeUndefined();
      return event.balance.amount;
    case 'UNKNOWN':
      return event.sentEventType;
  }
}

type Same<A, B> = [A, B] extends [B, A] ? true : never;

describe('OnLalamoveEvent', () => {
  it('requires the class of its type as parameter', () => {
    const laws: [
      Same<LalamoveEventOf<'ORDER_CREATED'>, OrderCreatedEvent>,
      Same<LalamoveEventOf<'ORDER_CREATED' | 'UNKNOWN'>, OrderCreatedEvent | UnknownLalamoveEvent>,
      Same<LalamoveEventOf<'*'>, LalamoveEvent>,
    ] = [true, true, true];
    expect(laws).not.toContain(false);
  });

  it('stores the subscriptions of several decorators on the method', () => {
    const noted = ['one', 'several', 'all', 'twice', 'plain'].map((name) => {
      const method: unknown = Reflect.get(Handlers.prototype, name);
      return typeof method === 'function' ? subscriptionsOf(method) : undefined;
    });
    expect(noted).toEqual([
      [{ types: ['ORDER_CREATED'], account: undefined }],
      [{ types: ['ORDER_CREATED', 'ORDER_STATUS_CHANGED'], account: 'th' }],
      [{ types: ['*'], account: undefined }],
      [
        { types: ['WALLET_BALANCE_CHANGED'], account: 'th' },
        { types: ['ORDER_CREATED'], account: undefined },
      ],
      [],
    ]);
  });

  it('refuses a static method', () => {
    const define = (): void => {
      class Static {
        @OnLalamoveEvent('*')
        static never(): void {
          return;
        }

        handle(): void {
          return;
        }
      }
      expect(Static).toBeDefined();
    };
    expect(define).toThrow(new TypeError('@OnLalamoveEvent on never: a static method is never called.'));
  });

  it('does not compile on a method whose name is a symbol, because Nest does not find it', () => {
    const name = Symbol('handle');
    class Named {
      // @ts-expect-error the name of the method is a symbol
      @OnLalamoveEvent('*')
      [name](): void {
        return;
      }
    }
    expect(Named.prototype[name]).toBeInstanceOf(Function);
  });
});

describe('LalamoveEvent', () => {
  it('is narrowed by its type', () => {
    const data = { order: { orderId: '2' }, prevOrderId: '1' };
    expect(subjectOf(readLalamoveEvent(factsOf('ORDER_REPLACED', data)))).toBe('1');
    expect(subjectOf(readLalamoveEvent(factsOf('ORDER_DOUBLED', data)))).toBe('ORDER_DOUBLED');
  });
});
