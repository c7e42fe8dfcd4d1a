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
    const marked = await migrateSchema(target, target.declared);
    const done = `The tables of deliveries in the schema ${target.schema} are up to date.`;
    if (marked === undefined) return { code: 0, message: done };
    return { code: 0, message: `${done} ${marked} unfinished deliveries order nothing until a person resolves them.` };
  } catch (error) {
    return { code: 1, message: wordsWithoutPassword(error, target.connectionString) };
  }
}

/** The arguments of the command for PostgreSQL. */
interface MigrateTarget {
  readonly connectionString: string;
  readonly schema: string;
  /** What the operator declares about the data. */
  readonly declared: 'restored' | 'moved' | undefined;
}

const OPTIONS = {
  schema: { type: 'string', default: 'lalamove' },
  restored: { type: 'boolean', default: false },
  moved: { type: 'boolean', default: false },
} as const;

function targetIn(args: readonly string[]): MigrateTarget | undefined {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
    const { schema, restored, moved } = values;
    const [connectionString = '', ...others] = positionals;
    if (others.length > 0 || !isSchemaName(schema) || (restored && moved)) return undefined;
    const declared = restored ? 'restored' : undefined;
    return { connectionString, schema, declared: moved ? 'moved' : declared };
  } catch {
    // The error may quote the connection string with its password.
    return undefined;
  }
}
