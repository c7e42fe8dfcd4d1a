import { lstatSync, mkdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';

/** The maximum number of symbolic links to follow: the same as in Linux. */
const MAX_LINKS = 40;

/**
 * The unique path of a database, with symbolic links resolved, even if the target of a link is missing. The lock file
 * and SQLite's own files are beside this path.
 *
 * @param file the configured path; its own folders are created, but not the folders of a link's target
 * @throws DeliveriesStoreException if a link points to a folder that does not exist, or the file has several names
 * @throws errors of the file system
 */
export function databasePath(file: string, { makeFolders }: { makeFolders: boolean }): string {
  const path = resolve(file);
  if (makeFolders) mkdirSync(dirname(path), { recursive: true });
  const found = behindLinks(path, file);
  refuseHardLinks(found, file);
  return found;
}

function behindLinks(path: string, file: string): string {
  let next = path;
  for (let links = 0; links <= MAX_LINKS; links += 1) {
    const folder = folderOf(next, path, file);
    const found = join(folder, basename(next));
    if (lstatSync(found, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return found;
    next = resolve(folder, readlinkSync(found));
  }
  throw new Error(`it leads through more than ${MAX_LINKS} symbolic links`);
}

function folderOf(path: string, configured: string, file: string): string {
  try {
    return realpathSync(dirname(path));
  } catch (cause) {
    if (path === configured) throw cause;
    const message =
      `The deliveries' file ${file} is a symbolic link to ${path}, whose folder does not exist: ` +
      'check whether its volume is mounted, or make the folder.';
    throw new DeliveriesStoreException(message, { cause });
  }
}

/** Rejects hard links: each name would have its own lock file and WAL, and two processes could use one file. */
function refuseHardLinks(path: string, file: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  // A folder always has several links. SQLite rejects a folder itself.
  if (found?.isFile() !== true || found.nlink <= 1) return;
  throw new DeliveriesStoreException(
    `The deliveries' file ${file} has ${found.nlink} names (hard links), and each would have a lock file and a -wal ` +
      'of its own. Stop the app, copy the file instead of linking it, and remove the other names.',
  );
}
