import { wordsOf } from '../internal/log-line.js';
import type { CommandResult } from './command-result.js';
import { MIGRATE_USAGE } from './migrate-usage.js';
import { openDatabase } from './storage/sqlite/open-database.js';

/** Accepts a restored file once, like the option `acceptRestored`. */
const ACCEPT_RESTORED = '--accept-restored';

/**
 * Creates or updates the tables of deliveries in a file, for apps with the option `migrate: false`. It never rejects:
 * an error is in the result.
 */
export async function migrateFile(args: readonly string[]): Promise<CommandResult> {
  const isAccepting = args.includes(ACCEPT_RESTORED);
  const [file = '', ...others] = args.filter((arg) => arg !== ACCEPT_RESTORED);
  // SQLite opens a temporary database for an empty name, which an environment variable that is not set would give.
  if (file === '' || file.startsWith('-') || others.length > 0) {
    return { code: 2, message: MIGRATE_USAGE };
  }
  try {
    const db = await openDatabase({ file, migrate: true, acceptRestored: isAccepting });
    await db.destroy();
    return { code: 0, message: `The tables of deliveries in ${file} are up to date.` };
  } catch (error) {
    return { code: 1, message: wordsOf(error) };
  }
}
