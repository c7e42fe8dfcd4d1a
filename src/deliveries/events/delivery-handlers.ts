import { Injectable, Logger } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { logLine, say, wordsOf } from '../../internal/log-line.js';
import { exploreHandlers } from '../../nest/handler-explorer.js';
import { invokeHandler } from '../../nest/handler-invoker.js';
import type { NamedHandler } from '../application/event-dispatch.js';
import type { DeliveryEvent } from './delivery-event.js';
import { deliverySubscriptionsOf, type DeliverySubscription } from './on-delivery.decorator.js';

/** Finds the methods with `@OnDelivery` in all providers and controllers of the app. */
@Injectable()
export class DeliveryHandlers {
  readonly #logger = new Logger('LalamoveDeliveries');
  #handlers: readonly (NamedHandler<DeliveryEvent> & { subscriptions: readonly DeliverySubscription[] })[] = [];

  constructor(private readonly modules: ModulesContainer) {}

  /** Searches the app. Call it after Nest has created all instances. */
  find(): void {
    this.#handlers = exploreHandlers(this.modules, deliverySubscriptionsOf, this.#logger).map(({ name, found }) => ({
      name,
      subscriptions: found.subscriptions,
      handle: async (event) => {
        try {
          await invokeHandler(found, event);
        } catch (error) {
          const fields = { handler: name, event: event.type, delivery: event.reference, error: wordsOf(error) };
          say(
            this.#logger,
            'error',
            logLine('A handler failed', fields),
            error instanceof Error ? error.stack : undefined,
          );
          throw error;
        }
      },
    }));
  }

  /** The handlers of an event. */
  readonly of = (event: DeliveryEvent): readonly NamedHandler<DeliveryEvent>[] =>
    this.#handlers.filter(({ subscriptions }) => isFor(subscriptions, event.type));

  /** The event types of all handlers; `'*'` for all types. */
  get types(): ReadonlySet<string> {
    return new Set(this.#handlers.flatMap(({ subscriptions }) => subscriptions.flatMap(({ types }) => types)));
  }

  /** Whether any handler handles this event type. */
  readonly wanted = (type: string): boolean => this.#handlers.some(({ subscriptions }) => isFor(subscriptions, type));
}

function isFor(subscriptions: readonly DeliverySubscription[], type: string): boolean {
  return subscriptions.some(({ types }) => types.some((wanted) => wanted === '*' || wanted === type));
}
