import { isRecord } from '../../../internal/is-record.js';
import type { Marker } from './database-lock.js';
import type { LibsqlDatabase } from './libsql-connection.js';

/** The identity of the database and its counters. */
export type ProcessRow = Pick<Marker, 'databaseId' | 'generation' | 'commits'>;

/** Converts the row of `delivery_process`; `undefined` if the value is not such a row. */
export function processRow(row: unknown): ProcessRow | undefined {
  if (!isRecord(row)) return undefined;
  const { database_id: databaseId, generation, commits } = row;
  if (typeof databaseId !== 'string' || typeof generation !== 'number' || typeof commits !== 'number') return undefined;
  return { databaseId, generation, commits };
}

/** Reads the row; `undefined` if the table does not exist yet. */
export function readProcessRow(database: LibsqlDatabase): ProcessRow | undefined {
  const table = database.prepare("select 1 from sqlite_schema where type = 'table' and name = 'delivery_process'");
  if (table.get([]) === undefined) return undefined;
  return processRow(database.prepare('select database_id, generation, commits from delivery_process').get([]));
}
