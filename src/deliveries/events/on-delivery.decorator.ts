import type { DeliveryEventOf, DeliveryEventType } from './delivery-event.js';

/** Which events a method handles; `'*'` for all of them. */
export interface DeliverySubscription {
  readonly types: readonly (DeliveryEventType | '*')[];
}

/** Under a name that all copies of this package know. */
const SUBSCRIPTIONS = 'nestjs-lalamove:deliveries';

/** A method that can take these events. */
type DeliveryHandlerDecorator<Type extends DeliveryEventType | '*'> = <
  Method extends (event: DeliveryEventOf<Type>) => unknown,
>(
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/**
 * Has a method of a provider or controller handle what happens to deliveries: at least once, after it was committed, in order for one delivery. Where it throws or
 * rejects it is called again, ever more rarely, and those behind it wait; after ten times the event is set aside with its error. It runs as `@OnLalamoveEvent` methods do.
 *
 * @param type one type of event, several, or `'*'`
 *
 * @example
 * \@OnDelivery('completed')
 * async onCompleted({ reference }: DeliveryEventOf<'completed'>): Promise<void> {}
 */
export function OnDelivery<const Type extends DeliveryEventType | '*'>(
  type: Type | readonly Type[],
): DeliveryHandlerDecorator<Type> {
  const types: readonly Type[] = typeof type === 'string' ? [type] : type;
  return (_target, _name, { value: method }) => {
    if (!method) return;
    Reflect.defineMetadata(SUBSCRIPTIONS, [...deliverySubscriptionsOf(method), { types }], method);
  };
}

/** What a method handles; nothing for one without the decorator. */
export function deliverySubscriptionsOf(method: object): readonly DeliverySubscription[] {
  const found: unknown = Reflect.getMetadata(SUBSCRIPTIONS, method);
  return isSubscriptions(found) ? found : [];
}

function isSubscriptions(value: unknown): value is readonly DeliverySubscription[] {
  return Array.isArray(value);
}
