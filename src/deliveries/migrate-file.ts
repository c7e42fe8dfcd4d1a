import { wordsOf } from '../internal/log-line.js';
import { openDatabase } from './storage/sqlite/open-database.js';

/** What `lalamove-deliveries-migrate` says, and with which code it ends. */
export interface MigrationEnd {
  readonly code: 0 | 1 | 2;
  readonly told: string;
}

/** Accepts a file that has lost something, as `acceptRestored` does, once. */
const ACCEPT_RESTORED = '--accept-restored';

/** Makes the tables of deliveries in a file, or brings them up to date, for who forbids the app to do that. It never rejects. */
export async function migrateFile(args: readonly string[]): Promise<MigrationEnd> {
  const isAccepting = args.includes(ACCEPT_RESTORED);
  const [file = '', ...others] = args.filter((arg) => arg !== ACCEPT_RESTORED);
  // An empty name, as of a variable that is not set, would be a database that is gone at once.
  if (file === '' || file.startsWith('-') || others.length > 0) {
    return { code: 2, told: `Usage: lalamove-deliveries-migrate FILE [${ACCEPT_RESTORED}]` };
  }
  try {
    const db = await openDatabase({ file, migrate: true, acceptRestored: isAccepting });
    await db.destroy();
    return { code: 0, told: `The tables of deliveries in ${file} are up to date.` };
  } catch (error) {
    return { code: 1, told: wordsOf(error) };
  }
}
