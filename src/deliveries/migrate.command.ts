#!/usr/bin/env node
import { openDatabase } from './store/open-database.js';

/** Makes the tables of deliveries, or brings them up to date, for who forbids the app to do that. */
async function migrate(args: readonly string[]): Promise<void> {
  const [file, ...others] = args;
  if (file === undefined || file.startsWith('-') || others.length > 0) {
    console.error('Usage: lalamove-deliveries-migrate FILE');
    process.exitCode = 2;
    return;
  }
  try {
    const db = await openDatabase({ file, migrate: true });
    await db.destroy();
    console.log(`The tables of deliveries in ${file} are up to date.`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}

void migrate(process.argv.slice(2));
