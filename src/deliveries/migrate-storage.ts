import { parseArgs } from 'node:util';
import type { CommandResult } from './command-result.js';
import { migrateFile } from './migrate-file.js';
import { MIGRATE_USAGE } from './migrate-usage.js';
import {
  CONNECTION_STRING_PROBLEM,
  isSafeConnectionString,
  looksLikeConnectionString,
  wordsWithoutPassword,
} from './storage/postgres/connection-string.js';
import { withPgInstalled } from './storage/postgres/with-pg-installed.js';
import { isSchemaName } from './storage/postgres/postgres-settings.js';

/**
 * Runs `lalamove-deliveries-migrate`: creates or updates the tables of deliveries in a file, or in a schema of
 * PostgreSQL. It never rejects: an error is in the result. No message contains a password.
 */
export async function migrateStorage(args: readonly string[]): Promise<CommandResult> {
  if (!args.some(looksLikeConnectionString)) return migrateFile(args);
  const target = targetIn(args);
  if (target === undefined) return { code: 2, message: MIGRATE_USAGE };
  if (!isSafeConnectionString(target.connectionString)) {
    return { code: 2, message: `${CONNECTION_STRING_PROBLEM}\n${MIGRATE_USAGE}` };
  }
  try {
    // Not loaded for a file.
    const { migrateSchema } = await withPgInstalled(() => import('./storage/postgres/with-postgres.js'));
    await migrateSchema(target);
    return { code: 0, message: `The tables of deliveries in the schema ${target.schema} are up to date.` };
  } catch (error) {
    return { code: 1, message: wordsWithoutPassword(error, target.connectionString) };
  }
}

function targetIn(args: readonly string[]): { connectionString: string; schema: string } | undefined {
  try {
    const options = { schema: { type: 'string', default: 'lalamove' } } as const;
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const [connectionString = '', ...others] = positionals;
    return others.length > 0 || !isSchemaName(values.schema) ? undefined : { connectionString, schema: values.schema };
  } catch {
    // The error may quote the connection string with its password.
    return undefined;
  }
}
