import type Database from 'libsql';
import { DeliveriesStoreException } from '../delivery.exceptions.js';

/**
 * libsql, an optional peer: loaded only if deliveries are used.
 *
 * @throws DeliveriesStoreException if it is not installed
 */
export async function loadLibsql(): Promise<typeof Database> {
  const { default: libsql } = await import('libsql').catch((cause: unknown) => {
    const message = 'The embedded database of deliveries needs the package libsql: npm install libsql';
    throw new DeliveriesStoreException(message, { cause });
  });
  return libsql;
}
