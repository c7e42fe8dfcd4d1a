import type { LalamoveEventOf, LalamoveEventType } from './lalamove-event.js';
import { Subscriptions } from '../../nest/subscriptions.js';

/** Which events a method handles. */
export interface EventSubscription {
  /** `'*'` for all of them. */
  readonly types: readonly (LalamoveEventType | '*')[];
  /** Of which account alone. */
  readonly account: string | undefined;
}

const SUBSCRIPTIONS = new Subscriptions<EventSubscription>('@OnLalamoveEvent', 'nestjs-lalamove:events');

/** A method that can take these events. */
type EventHandlerDecorator<Type extends LalamoveEventType | '*'> = <
  Method extends (event: LalamoveEventOf<Type>) => unknown,
>(
  target: object,
  name: string,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/**
 * Has a method of a provider or controller handle events that come by webhook, once each. It runs after the webhook has been answered, in a context of its
 * own type, `'lalamove'`: with the method's own guards, pipes, interceptors and filters (and those of its class, where that is a provider), without the app's
 * global ones. Where it throws or rejects, that is logged, and the inbox tries again.
 *
 * @param type one of Lalamove's event types, several, `'UNKNOWN'` for what is none of them, or `'*'` for all
 * @param options `account`: only the events of this one
 *
 * @throws TypeError on a static method
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

/** What a method handles; nothing for one without the decorator. */
export const subscriptionsOf = SUBSCRIPTIONS.of;
