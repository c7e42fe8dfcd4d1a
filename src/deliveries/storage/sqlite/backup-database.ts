import { randomUUID } from 'node:crypto';
import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { link, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { wordsOf } from '../../../internal/log-line.js';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';
import { codeOf } from './store-failure.js';

/** The suffixes of the files that SQLite and this package create beside a database. */
const OWN_SUFFIXES = ['', '-wal', '-shm', '-journal', '.lock', '.lock-journal', '.lock-wal', '.lock-shm'];

/** Error codes of a file system without hard links. */
const NO_LINKS = /^(EPERM|ENOTSUP|EOPNOTSUPP|ENOSYS|EMLINK|EINVAL)$/;

/**
 * Copies a database in use to a new file. The copy is a consistent snapshot. SQLite copies in a separate thread, on a
 * separate read-only connection, so the event loop is not blocked.
 *
 * @param source the path of the database, with symbolic links resolved
 * @throws DeliveriesStoreException if the target exists, is a file of the database itself, or cannot be written; in
 * these cases no partial copy remains
 */
export async function backupDatabase(source: string, target: unknown): Promise<void> {
  try {
    if (typeof target !== 'string') throw new TypeError('its path must be a text');
    const path = resolve(target);
    assertNew(path);
    mkdirSync(dirname(path), { recursive: true });
    assertForeign(source, path);
    await writeBackup(source, path);
  } catch (cause) {
    if (cause instanceof DeliveriesStoreException) throw cause;
    if (codeOf(cause) === 'EEXIST') throw exists(wordsOf(target), cause);
    throw new DeliveriesStoreException(
      `The backup ${wordsOf(target)} could not be written: ${wordsOf(cause)}. Nothing is left of it; the database is ` +
        'as it was. Give the path of a new file, in a folder that this process may write to and that has room for it.',
      { cause },
    );
  }
}

/** The target appears only when it is complete. */
async function writeBackup(source: string, target: string): Promise<void> {
  // Each backup has its own temporary file. Several backups may use one target; the first complete one gets it.
  const draft = `${target}.${randomUUID().slice(0, 8)}.partial`;
  try {
    const { default: Database } = await import('libsql/promise');
    const database = new Database(source, {});
    try {
      const copying: unknown = database.exec(`vacuum into '${draft.replaceAll("'", "''")}'`);
      await copying;
    } finally {
      database.close();
    }
    await synced(draft);
    await nameNew(draft, target);
  } finally {
    // The host must get the original error.
    await rm(draft, { force: true }).catch(() => undefined);
  }
}

/** @throws EEXIST if the file exists; `rename` alone would replace it */
async function nameNew(draft: string, target: string): Promise<void> {
  try {
    await link(draft, target);
  } catch (error) {
    if (!NO_LINKS.test(codeOf(error))) throw error;
    const reserved = await open(target, 'wx');
    await reserved.close();
    await rename(draft, target);
  }
}

/** `vacuum into` does not sync the file. */
async function synced(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function assertNew(target: string): void {
  if (lstatSync(target, { throwIfNoEntry: false }) !== undefined) throw exists(target, undefined);
}

/** Ignores case, because some file systems do. */
function assertForeign(source: string, target: string): void {
  const path = join(realpathSync(dirname(target)), basename(target)).toLowerCase();
  if (!OWN_SUFFIXES.some((suffix) => `${source}${suffix}`.toLowerCase() === path)) return;
  throw new DeliveriesStoreException(
    `The backup ${target} would be a file of the database itself: give it another name, best in another folder.`,
  );
}

function exists(target: string, cause: unknown): DeliveriesStoreException {
  const message = `The backup ${target} exists already: give each backup a name of its own.`;
  return new DeliveriesStoreException(message, { cause });
}
