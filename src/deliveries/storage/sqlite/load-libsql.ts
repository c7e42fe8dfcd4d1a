import type Database from 'libsql';
import { isRecord } from '../../../internal/is-record.js';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';

/**
 * Loads libsql, an optional peer dependency. It is loaded only if deliveries are used.
 *
 * @throws DeliveriesStoreException if it is not installed, or the native package of this platform cannot be loaded
 */
export async function loadLibsql(): Promise<typeof Database> {
  const { default: libsql } = await import('libsql').catch((cause: unknown) => {
    throw new DeliveriesStoreException(remedyFor(cause), { cause });
  });
  return libsql;
}

/** libsql is JavaScript with a native package for each platform. Either package may be missing. */
function remedyFor(cause: unknown): string {
  const message = isRecord(cause) && typeof cause.message === 'string' ? cause.message : '';
  const missing = /Cannot find module '(@libsql\/[\w-]+)'/.exec(message)?.[1];
  if (missing !== undefined) {
    return (
      `The embedded database of deliveries needs ${missing}, the native package of libsql for this platform, and it ` +
      'is not there. In a bundle keep libsql out of it, and node_modules beside it: ncc build --external libsql, ' +
      "esbuild --external:libsql, externals: ['libsql'] of webpack. Else npm has left out optional packages, or " +
      `node_modules is of another platform: npm install ${missing}, on this platform.`
    );
  }
  if (isRecord(cause) && cause.code === 'ERR_DLOPEN_FAILED') {
    return (
      'The embedded database of deliveries cannot load the native package of libsql: node_modules is of another ' +
      'platform, or another C library (Alpine has musl). Run npm install, or npm ci, on the platform on which the ' +
      'app runs.'
    );
  }
  return 'The embedded database of deliveries needs the package libsql: npm install libsql';
}
