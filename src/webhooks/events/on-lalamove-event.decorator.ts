import type { LalamoveEventOf, LalamoveEventType } from './lalamove-event.js';
import { Subscriptions } from '../../nest/subscriptions.js';

/** The events that a method handles. */
export interface EventSubscription {
  /** The event types; `'*'` for all. */
  readonly types: readonly (LalamoveEventType | '*')[];
  /** Only the events of this account; `undefined` for all accounts. */
  readonly account: string | undefined;
}

const SUBSCRIPTIONS = new Subscriptions<EventSubscription>('@OnLalamoveEvent', 'nestjs-lalamove:events');

/** A decorator for methods whose parameter accepts these events. */
type EventHandlerDecorator<Type extends LalamoveEventType | '*'> = <
  Method extends (event: LalamoveEventOf<Type>) => unknown,
>(
  target: object,
  name: string,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/**
 * Makes a method of a provider or controller a handler of webhook events. Each event is handled once. The method runs
 * after the webhook was answered, in an execution context of type `'lalamove'`. The guards, pipes, interceptors and
 * filters of the method apply, and those of its class if that is a provider; the global ones do not. If the method
 * throws or rejects, the error is logged and the inbox calls it again later.
 *
 * @param type one or several of Lalamove's event types, `'UNKNOWN'` for any other event, or `'*'` for all
 * @param options `account`: only the events of this account
 *
 * @throws TypeError for a static method
 *
 * @example
 * \@OnLalamoveEvent('ORDER_STATUS_CHANGED')
 * async onStatus(event: OrderStatusChangedEvent): Promise<void> {}
 */
export function OnLalamoveEvent<const Type extends LalamoveEventType | '*'>(
  type: Type | readonly Type[],
  options: { account?: string } = {},
): EventHandlerDecorator<Type> {
  const types: readonly Type[] = typeof type === 'string' ? [type] : type;
  return (target, name, { value: method }) => {
    SUBSCRIPTIONS.add(target, name, method, { types, account: options.account });
  };
}

/** The subscriptions of a method; empty without the decorator. */
export const subscriptionsOf = SUBSCRIPTIONS.of;
