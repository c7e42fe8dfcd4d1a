import {
  DeliveriesStoreException,
  DeliveryConflictException,
  DeliveryNotFoundException,
  InvalidDeliveryException,
} from '../deliveries/delivery.exceptions.js';
import { referenceConflict } from '../deliveries/reference-conflict.js';
import type { LalamoveException } from '../errors/lalamove.exception.js';
import { operationExceptions } from './operation-exceptions.js';

const invalid = (pointer: string, message: string): LalamoveException =>
  new InvalidDeliveryException([{ pointer, message }]);
const notFound = (): LalamoveException => new DeliveryNotFoundException('order-1001');
const conflict = (message: string): LalamoveException => new DeliveryConflictException(message);
/** Every method reads or writes the database. */
const store = (): LalamoveException => new DeliveriesStoreException('The database of deliveries is not available.');
const invalidKey = (): LalamoveException => invalid('/reference', 'must be a string');

/** The exceptions of each method of `DeliveriesService`, as its docstrings name them. */
const EXCEPTIONS = {
  'deliveries.book': () => [
    invalid('/recipients', 'there must be 2 recipients, because there are 2 drop-offs'),
    conflict(referenceConflict('order-1001')),
    store(),
  ],
  'deliveries.find': () => [invalidKey(), store()],
  'deliveries.get': () => [invalidKey(), notFound(), store()],
  'deliveries.cancel': () => [
    invalidKey(),
    notFound(),
    conflict('The delivery "order-1001" has been completed.'),
    store(),
  ],
  'deliveries.resolve': () => [
    invalid('', 'must be one of { orderId }, { rebook: true, maxPrice? } and { cancel: true }'),
    notFound(),
    conflict('The delivery "order-1001" needs no attention.'),
    store(),
    // It reads the order that a person has found.
    ...operationExceptions('getOrder'),
  ],
  'deliveries.list': () => [invalid('/limit', 'must be a whole number from 1 to 1000'), store()],
  'deliveries.timeline': () => [invalidKey(), notFound(), store()],
  'deliveries.forget': () => [invalidKey(), notFound(), conflict('The delivery "order-1001" is active.'), store()],
  'deliveries.metrics': () => [store()],
} satisfies Record<string, () => LalamoveException[]>;

/** A method of `DeliveriesService`, with the prefix `deliveries.`. */
export type DeliveriesOperation = keyof typeof EXCEPTIONS;

/** Whether a name is that of a method of `DeliveriesService`. */
export function isDeliveriesOperation(name: string): name is DeliveriesOperation {
  return Object.hasOwn(EXCEPTIONS, name);
}

/** All exceptions that a method of `DeliveriesService` can throw. */
export function deliveryExceptions(operation: DeliveriesOperation): LalamoveException[] {
  return EXCEPTIONS[operation]();
}
