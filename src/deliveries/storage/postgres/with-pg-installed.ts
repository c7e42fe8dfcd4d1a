import { isRecord } from '../../../internal/is-record.js';
import { wordsOf } from '../../../internal/log-line.js';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';

/**
 * Loads a module that imports `pg`, an optional peer dependency.
 *
 * @throws DeliveriesStoreException if `pg` is not installed
 */
export async function withPgInstalled<T>(load: () => Promise<T>): Promise<T> {
  return load().catch((cause: unknown) => {
    const code = isRecord(cause) ? cause.code : undefined;
    const isMissing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
    if (!isMissing || !wordsOf(cause).includes("'pg'")) throw cause;
    throw new DeliveriesStoreException('PostgreSQL needs the package pg: npm install pg', { cause });
  });
}
