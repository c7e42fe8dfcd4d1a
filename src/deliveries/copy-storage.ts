import { parseArgs } from 'node:util';
import type { CommandResult } from './command-result.js';
import { copyMessage, tableLines } from './copy-message.js';
import type { CopyPlan, CopyResult } from './storage/copy/copy-to-postgres.js';
import { OtherRowsException, type CopyProgress } from './storage/copy/copy-tables.js';
import {
  CONNECTION_STRING_PROBLEM,
  isSafeConnectionString,
  looksLikeConnectionString,
  wordsWithoutPassword,
} from './storage/postgres/connection-string.js';
import { isSchemaName } from './storage/postgres/postgres-settings.js';
import { withPgInstalled } from './storage/postgres/with-pg-installed.js';

const USAGE =
  'Usage: lalamove-deliveries-copy --from FILE --to postgres://USER@HOST/DATABASE [--schema NAME] [--retire]';

const OPTIONS = {
  from: { type: 'string', default: '' },
  to: { type: 'string', default: '' },
  schema: { type: 'string', default: 'lalamove' },
  retire: { type: 'boolean', default: false },
} as const;

/**
 * Runs `lalamove-deliveries-copy`: copies the deliveries of a file to PostgreSQL. It never rejects: an error is in the
 * result. No message contains a password.
 */
export async function copyStorage(args: readonly string[], progress?: CopyProgress): Promise<CommandResult> {
  const plan = planIn(args);
  if (plan === undefined) return { code: 2, message: USAGE };
  if (!isSafeConnectionString(plan.connectionString)) {
    return { code: 2, message: `${CONNECTION_STRING_PROBLEM}\n${USAGE}` };
  }
  try {
    return { code: 0, message: copyMessage(plan, await copied({ ...plan, ...(progress && { progress }) })) };
  } catch (error) {
    const lines = error instanceof OtherRowsException ? tableLines(error.tables) : [];
    return { code: 1, message: [...lines, wordsWithoutPassword(error, plan.connectionString)].join('\n') };
  }
}

async function copied(plan: CopyPlan): Promise<CopyResult> {
  const { copyToPostgres } = await withPgInstalled(() => import('./storage/copy/copy-to-postgres.js'));
  return copyToPostgres(plan);
}

function planIn(args: readonly string[]): CopyPlan | undefined {
  try {
    const {
      from: file,
      to: connectionString,
      schema,
      retire,
    } = parseArgs({ args: [...args], options: OPTIONS }).values;
    // SQLite opens a temporary database for an empty name.
    const isFile = file !== '' && file !== ':memory:' && !looksLikeConnectionString(file);
    if (!isFile || connectionString === '' || !isSchemaName(schema)) return undefined;
    return { file, connectionString, schema, retire };
  } catch {
    // The error may quote the connection string with its password.
    return undefined;
  }
}
