import { isRecord } from '../../../internal/is-record.js';
import type { Marker } from './database-lock.js';
import type { LibsqlDatabase } from './libsql-connection.js';

/** What the database says of itself. */
export type ProcessRow = Pick<Marker, 'databaseId' | 'generation' | 'commits'>;

/** The row of `delivery_process`; `undefined` if it is none. */
export function processRow(row: unknown): ProcessRow | undefined {
  if (!isRecord(row)) return undefined;
  const { database_id: databaseId, generation, commits } = row;
  if (typeof databaseId !== 'string' || typeof generation !== 'number' || typeof commits !== 'number') return undefined;
  return { databaseId, generation, commits };
}

/** Reads that row; `undefined` if there is no such table yet. */
export function readProcessRow(database: LibsqlDatabase): ProcessRow | undefined {
  const table = database.prepare("select 1 from sqlite_schema where type = 'table' and name = 'delivery_process'");
  if (table.get([]) === undefined) return undefined;
  return processRow(database.prepare('select database_id, generation, commits from delivery_process').get([]));
}
