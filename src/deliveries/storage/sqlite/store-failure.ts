import { isRecord } from '../../../internal/is-record.js';
import { wordsOf } from '../../../internal/log-line.js';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';

const BUSY = /^SQLITE_(BUSY|LOCKED|PROTOCOL)/;

/** The remedy for a database failure, by libsql's error code. The first match applies. */
const REMEDIES: readonly (readonly [code: RegExp, remedy: string])[] = [
  [BUSY, 'Another process holds a lock on it: end its transaction. The call can be repeated'],
  [/^SQLITE_(FULL|IOERR)/, 'Look at its disk, and make room: deliveries go on by themselves then'],
  [/^SQLITE_(CORRUPT|NOTADB)/, 'Stop the app and restore the file from a backup: docs/deliveries.md says how'],
  [/^SQLITE_(READONLY|PERM|AUTH|CANTOPEN)/, 'Let this process read and write it, its -wal, its -shm and its folder'],
  [/^SQLITE_(NOMEM|INTERRUPT)/, 'The call can be repeated'],
];

/** libsql's code of an error, such as `SQLITE_BUSY`; empty if it has none. */
export function codeOf(error: unknown): string {
  return isRecord(error) && typeof error.code === 'string' ? error.code : '';
}

/** Whether another connection held the required lock. */
export function isBusy(error: unknown): boolean {
  return BUSY.test(codeOf(error));
}

/**
 * Converts a libsql error for the host. A failure of the database itself becomes a `DeliveriesStoreException`. An error
 * of a statement, such as a violated constraint, is returned unchanged.
 */
export function storeFailure(error: unknown, file: string): unknown {
  const code = codeOf(error);
  const remedy = REMEDIES.find(([pattern]) => pattern.test(code))?.[1];
  if (remedy === undefined) return error;
  const message = `The deliveries' database ${file} failed: ${wordsOf(error)} (${code}). ${remedy}.`;
  return new DeliveriesStoreException(message, { cause: error });
}
