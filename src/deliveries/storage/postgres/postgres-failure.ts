import { isRecord } from '../../../internal/is-record.js';
import { wordsOf } from '../../../internal/log-line.js';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';

/** Errors after which the connection cannot be used any more: class 08, shutdown, and errors of the socket. */
const CONNECTION = /^(08|57P0[1-5]|ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_AGAIN|25P0[34])/;

/** The texts of errors of `pg` that have no code. */
const CONNECTION_TEXTS = [
  'Connection terminated',
  'connection error and is not queryable',
  'Client was closed',
  'Query read timeout',
  'timeout exceeded when trying to connect',
  'Client has already been released',
  'Cannot use a pool after calling end',
];

/** Conflicts of two transactions: serialization failure, deadlock, unique violation. */
const CONFLICT = /^(40001|40P01|23505)$/;

const SQLSTATE = /^[0-9A-Z]{5}$/;

const CONNECTION_REMEDY = 'Look at the server and the network. The call can be repeated';

/** The remedy for a database failure, by SQLSTATE. The first match applies. */
const REMEDIES: readonly (readonly [code: RegExp, remedy: string])[] = [
  [CONNECTION, CONNECTION_REMEDY],
  [CONFLICT, 'Other transactions change the same rows. The call can be repeated'],
  [/^53100|^58030/, 'Make room on the disk of the server: deliveries go on by themselves then'],
  [/^53/, 'The server has too few resources: raise max_connections or its memory, or use smaller pools'],
  [/^57014/, 'A statement took longer than statement_timeout. The call can be repeated'],
  [/^55P03/, 'A lock was not free within lock_timeout. The call can be repeated'],
  [/^25006/, 'The server only reads: connect to the primary. After a failover the call can be repeated'],
  [/^28|^3D000/, 'Check the user, the password and the name of the database'],
  [/^42501/, 'Grant this user select, insert, update and delete on the tables of deliveries'],
  [/^42P01|^3F000|^42703/, 'The tables are missing or of another version: run lalamove-deliveries-migrate'],
];

/** The SQLSTATE or the error code of Node; empty if there is none. */
export function codeOf(error: unknown): string {
  return isRecord(error) && typeof error.code === 'string' ? error.code : '';
}

/** Whether the connection is lost. The transaction on it is rolled back by the server. */
export function isConnectionLost(error: unknown): boolean {
  if (CONNECTION.test(codeOf(error))) return true;
  return error instanceof Error && CONNECTION_TEXTS.some((text) => error.message.includes(text));
}

/** Whether the transaction may succeed if it runs again, because it had a conflict with another one. */
export function isConflict(error: unknown): boolean {
  return error instanceof VersionConflict || CONFLICT.test(codeOf(error));
}

/** Another transaction has changed a delivery since it was read. */
export class VersionConflict extends Error {
  override readonly name = 'VersionConflict';

  constructor(id: string) {
    super(`The delivery ${id} was changed by another transaction since it was read.`);
  }
}

/** The connection was lost during `COMMIT`, so the transaction may be committed. */
export class UnknownCommit extends DeliveriesStoreException {
  constructor(cause: unknown) {
    const what = "The connection to the deliveries' database was lost during a commit";
    super(`${what} (${wordsOf(cause)}): it may be committed or not. Read the delivery before you repeat the call.`, {
      cause,
    });
  }
}

/**
 * Converts an error of `pg` for the host. A failure of the database becomes a `DeliveriesStoreException`. All other
 * errors are returned unchanged.
 */
export function storeFailure(error: unknown): unknown {
  const code = codeOf(error);
  const isLost = isConnectionLost(error);
  if (error instanceof DeliveriesStoreException || (!isLost && !isConflict(error) && !SQLSTATE.test(code)))
    return error;
  const known = REMEDIES.find(([pattern]) => pattern.test(code))?.[1];
  const remedy = known ?? (isLost ? CONNECTION_REMEDY : 'Report this to nestjs-lalamove');
  // The error of a refused connection to several addresses has no message.
  const words = [wordsOf(error), code].filter((text) => text !== '').join(', ');
  return new DeliveriesStoreException(`The deliveries' database failed (${words}). ${remedy}.`, { cause: error });
}
