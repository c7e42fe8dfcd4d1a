import { Kysely, type DatabaseConnection } from 'kysely';
import { InvalidDeliveryException } from '../../delivery.exceptions.js';
import type { DeliveriesTransaction } from './deliveries-schema.js';

/** Which connection belongs to an open database. */
export interface ConnectionOwner {
  /** Whether a transaction is open on this connection, and the connection is its own. */
  isInTransaction(connection: DatabaseConnection): boolean;
}

/**
 * The transaction that a host books in. Its connection is compared, not what the database says of itself: a backup
 * that is open has the same id. What is written elsewhere, nobody ever books.
 *
 * @throws InvalidDeliveryException if it is none, has ended, or is on another database
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
