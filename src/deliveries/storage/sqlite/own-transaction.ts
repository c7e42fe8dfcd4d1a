import { Kysely, type DatabaseConnection } from 'kysely';
import { InvalidDeliveryException } from '../../delivery.exceptions.js';
import type { DeliveriesTransaction } from '../sql/deliveries-schema.js';

/** Checks which connection belongs to an open database. */
export interface ConnectionOwner {
  /** Whether this connection belongs to the database, and a transaction is open on it. */
  isInTransaction(connection: DatabaseConnection): boolean;
}

/**
 * Checks the transaction in which a host books. It compares the connection and not the database id, because an open
 * backup has the same id. A booking in another database would never be dispatched.
 *
 * @throws InvalidDeliveryException if the value is not a transaction, has ended, or is on another database
 */
export async function ownTransaction(trx: unknown, owner: ConnectionOwner): Promise<DeliveriesTransaction> {
  if (!isTransaction(trx)) {
    throw refused('must be a Kysely transaction: deliveries.database.transaction() gives one');
  }
  const isOwn = await trx
    .getExecutor()
    .provideConnection((connection) => Promise.resolve(owner.isInTransaction(connection)))
    .catch(() => false);
  if (isOwn) return trx;
  throw refused(
    'must be an open transaction on the database of these deliveries: begin it by deliveries.database.transaction(), ' +
      'and await book() in it. Nothing was booked',
  );
}

function isTransaction(trx: unknown): trx is DeliveriesTransaction {
  return trx instanceof Kysely && trx.isTransaction;
}

function refused(message: string): InvalidDeliveryException {
  return new InvalidDeliveryException([{ pointer: '/trx', message }]);
}
