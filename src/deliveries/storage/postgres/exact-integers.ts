import pg from 'pg';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';
import type { PostgresTypes } from './postgres-pool.js';

/** The OID of `bigint`. */
const INT8 = 20;

/**
 * Reads `bigint` as a number. By default `pg` returns it as text.
 *
 * @throws DeliveriesStoreException if the number has no exact representation
 */
export function exactInteger(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new DeliveriesStoreException(`The bigint ${text} in the deliveries' database has no exact number: restore it.`);
}

/** The types of `pg` name only some of the numbers of types, and its parsers return `any`. */
const parserOf: (oid: number) => (value: string) => unknown = pg.types.getTypeParser;

/** The parsers of `pg`, with exact numbers for `bigint`. */
export const EXACT_TYPES: PostgresTypes = {
  getTypeParser: (oid, format) => {
    if (oid === INT8 && format !== 'binary') return exactInteger;
    return parserOf(oid);
  },
};
