import { existsSync, mkdirSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { wordsOf } from '../../log-line.js';
import { DeliveriesStoreException } from '../delivery.exceptions.js';

/**
 * Copies a database while it is worked on, to a new file that is whole as of one moment. SQLite does that in a thread
 * of its own, on a connection of its own that only reads: the event loop goes on.
 *
 * @param source the path of the database
 * @throws DeliveriesStoreException if the target exists, or cannot be written; nothing is left of it then
 */
export async function backupDatabase(source: string, target: string): Promise<void> {
  assertNew(target);
  // Whoever finds the target finds all of it.
  const draft = `${target}.partial`;
  try {
    mkdirSync(dirname(target), { recursive: true });
    await rm(draft, { force: true });
    const { default: Database } = await import('libsql/promise');
    const database = new Database(source, {});
    try {
      const copying: unknown = database.exec(`vacuum into '${draft.replaceAll("'", "''")}'`);
      await copying;
    } finally {
      database.close();
    }
    await synced(draft);
    assertNew(target);
    await rename(draft, target);
  } catch (cause) {
    await rm(draft, { force: true });
    if (cause instanceof DeliveriesStoreException) throw cause;
    const left = 'Nothing is left of it; the database is as it was';
    const message = `The backup ${target} could not be written: ${wordsOf(cause)}. ${left}.`;
    throw new DeliveriesStoreException(message, { cause });
  }
}

/** `vacuum into` leaves that to the system. */
async function synced(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function assertNew(target: string): void {
  if (!existsSync(target)) return;
  throw new DeliveriesStoreException(`The backup ${target} exists already: give each backup a name of its own.`);
}
