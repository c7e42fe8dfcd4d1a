import { Subscriptions } from '../../nest/subscriptions.js';
import type { DeliveryEventOf, DeliveryEventType } from './delivery-event.js';

/** Which events a method handles; `'*'` for all of them. */
export interface DeliverySubscription {
  readonly types: readonly (DeliveryEventType | '*')[];
}

const SUBSCRIPTIONS = new Subscriptions<DeliverySubscription>('@OnDelivery', 'nestjs-lalamove:deliveries');

/** A method that can take these events. */
type DeliveryHandlerDecorator<Type extends DeliveryEventType | '*'> = <
  Method extends (event: DeliveryEventOf<Type>) => unknown,
>(
  target: object,
  name: string,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/**
 * Has a method of a provider or controller handle what happens to deliveries: at least once, after it was committed, in order for one delivery. Where it throws or
 * rejects it is called again, ever more rarely, and those behind it wait; after ten times the event is set aside with its error. It runs as `@OnLalamoveEvent` methods do.
 *
 * @param type one type of event, several, or `'*'`
 *
 * @throws TypeError on a static method
 *
 * @example
 * \@OnDelivery('completed')
 * async onCompleted({ reference }: DeliveryEventOf<'completed'>): Promise<void> {}
 */
export function OnDelivery<const Type extends DeliveryEventType | '*'>(
  type: Type | readonly Type[],
): DeliveryHandlerDecorator<Type> {
  const types: readonly Type[] = typeof type === 'string' ? [type] : type;
  return (target, name, { value: method }) => {
    SUBSCRIPTIONS.add(target, name, method, { types });
  };
}

/** What a method handles; nothing for one without the decorator. */
export const deliverySubscriptionsOf = SUBSCRIPTIONS.of;
