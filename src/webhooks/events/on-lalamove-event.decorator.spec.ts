import { describe, expect, it } from '@jest/globals';
import { factsOf } from '../../../test/webhooks/event-samples.js';
import type { UnknownLalamoveEvent, WalletBalanceChangedEvent } from './account-events.js';
import { readLalamoveEvent, type LalamoveEvent, type LalamoveEventOf } from './lalamove-event.js';
import type { LalamoveWebhookEvent } from './lalamove-webhook-event.js';
import type { LalamoveOrderEvent, OrderCreatedEvent, OrderStatusChangedEvent } from './order-events.js';
import { OnLalamoveEvent, subscriptionsOf } from './on-lalamove-event.decorator.js';

/** What compiles, and what does not: `tsc` checks it. */
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

  // @ts-expect-error an order that was created is no wallet
  @OnLalamoveEvent('ORDER_CREATED')
  wrong(event: WalletBalanceChangedEvent): void {
    expect(event).toBeDefined();
  }

  // @ts-expect-error one of the list is missing
  @OnLalamoveEvent(['ORDER_CREATED', 'WALLET_BALANCE_CHANGED'])
  tooNarrow(event: OrderCreatedEvent): void {
    expect(event).toBeDefined();
  }

  // @ts-expect-error all of them are more than one
  @OnLalamoveEvent('*')
  narrowForAll(event: OrderCreatedEvent): void {
    expect(event).toBeDefined();
  }

  // @ts-expect-error there is no such type
  @OnLalamoveEvent('ORDER_TELEPORTED')
  misspelt(event: LalamoveEvent): void {
    expect(event).toBeDefined();
  }

  // @ts-expect-error nobody would give a second argument
  @OnLalamoveEvent('ORDER_CREATED')
  second(event: OrderCreatedEvent, more: string): void {
    expect([event, more]).toBeDefined();
  }
}

/** Each type has its class, and a `switch` knows it. */
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
      // @ts-expect-error a wallet is of no order
      expect(event.orderId).toBeUndefined();
      return event.balance.amount;
    case 'UNKNOWN':
      return event.sentEventType;
  }
}

type Same<A, B> = [A, B] extends [B, A] ? true : never;

describe('OnLalamoveEvent', () => {
  it('asks for the class of its type', () => {
    const laws: [
      Same<LalamoveEventOf<'ORDER_CREATED'>, OrderCreatedEvent>,
      Same<LalamoveEventOf<'ORDER_CREATED' | 'UNKNOWN'>, OrderCreatedEvent | UnknownLalamoveEvent>,
      Same<LalamoveEventOf<'*'>, LalamoveEvent>,
    ] = [true, true, true];
    expect(laws).not.toContain(false);
  });

  it('notes on the method what it handles, each decorator beside the others', () => {
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

  it('refuses a static method, which no instance has', () => {
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

  it('does not compile on a method whose name is a symbol, which Nest does not find', () => {
    const name = Symbol('handle');
    class Named {
      // @ts-expect-error its name is no text
      @OnLalamoveEvent('*')
      [name](): void {
        return;
      }
    }
    expect(Named.prototype[name]).toBeInstanceOf(Function);
  });
});

describe('LalamoveEvent', () => {
  it('is told apart by its type', () => {
    const data = { order: { orderId: '2' }, prevOrderId: '1' };
    expect(subjectOf(readLalamoveEvent(factsOf('ORDER_REPLACED', data)))).toBe('1');
    expect(subjectOf(readLalamoveEvent(factsOf('ORDER_DOUBLED', data)))).toBe('ORDER_DOUBLED');
  });
});
