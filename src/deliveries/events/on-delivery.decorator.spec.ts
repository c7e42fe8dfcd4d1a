import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { deliverySubscriptionsOf, OnDelivery } from './on-delivery.decorator.js';

class Handlers {
  @OnDelivery('completed')
  @OnDelivery(['failed', 'canceled'])
  on(): string {
    return 'handled';
  }
}

describe('OnDelivery', () => {
  it('adds one subscription to the method for each decorator', () => {
    const method: unknown = Reflect.get(Handlers.prototype, 'on');
    if (typeof method !== 'function') throw new TypeError('There is no method.');
    expect(deliverySubscriptionsOf(method)).toEqual([{ types: ['failed', 'canceled'] }, { types: ['completed'] }]);
  });

  it('throws for a static method, because no instance has it', () => {
    const define = (): unknown => {
      class Late extends Handlers {
        @OnDelivery('*')
        static never(): string {
          return 'handled';
        }
      }
      return Late;
    };
    expect(define).toThrow(new TypeError('@OnDelivery on never: a static method is never called.'));
  });
});
