import { Subscriptions } from '../../nest/subscriptions.js';
import type { DeliveryEventOf, DeliveryEventType } from './delivery-event.js';

/** The event types that a method handles; `'*'` for all types. */
export interface DeliverySubscription {
  readonly types: readonly (DeliveryEventType | '*')[];
}

const SUBSCRIPTIONS = new Subscriptions<DeliverySubscription>('@OnDelivery', 'nestjs-lalamove:deliveries');

/** A decorator for methods whose parameter accepts these events. */
type DeliveryHandlerDecorator<Type extends DeliveryEventType | '*'> = <
  Method extends (event: DeliveryEventOf<Type>) => unknown,
>(
  target: object,
  name: string,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/**
 * Marks a method of a provider or controller as a handler of delivery events. It is called at least once for each
 * event, after the event was committed, and in order within one delivery. If it throws or rejects, it is called again
 * with growing pauses, and the delivery's later events wait. After ten failures the event is set aside with its error.
 * The method runs like a method with `@OnLalamoveEvent`.
 *
 * @param type one event type, several, or `'*'` for all
 *
 * @throws TypeError if the method is static
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

/** The subscriptions of a method; empty if it does not have the decorator. */
export const deliverySubscriptionsOf = SUBSCRIPTIONS.of;
