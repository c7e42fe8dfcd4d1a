import { lstatSync, renameSync } from 'node:fs';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';
import { DatabaseLock } from './database-lock.js';
import { databasePath } from './database-path.js';
import { sizeOf } from './wal-check.js';

/** The name that a file gets when it is retired. */
export function retiredPath(path: string): string {
  return `${path}.copied`;
}

/**
 * Renames a file after its copy, so that no app works on it by mistake. Its lock file stays. It makes an app refuse to
 * start with a new file at the old path.
 *
 * @param generation that of the copied contents
 * @returns the new path
 * @throws DeliveriesStoreException if another process uses the file, or has used it since
 */
export async function retireFile(file: string, generation: number): Promise<string> {
  const path = databasePath(file, { makeFolders: false });
  const lock = await DatabaseLock.take(path);
  try {
    const problem = retireProblem(path, lock.marker?.generation === generation);
    if (problem !== undefined) {
      const message = `The deliveries' file ${file} was copied, but not renamed: ${problem}.`;
      throw new DeliveriesStoreException(message, { retryable: false });
    }
    renameSync(path, retiredPath(path));
    return retiredPath(path);
  } finally {
    lock.release();
  }
}

function retireProblem(path: string, isUnchanged: boolean): string | undefined {
  if (!isUnchanged) return 'another process has opened it since. Stop that process, and copy to an empty schema';
  if (sizeOf(`${path}-wal`) > 0) return 'a program is reading it. End that program, and run the command again';
  if (lstatSync(retiredPath(path), { throwIfNoEntry: false }) === undefined) return undefined;
  return `${retiredPath(path)} exists already. Move that file away, and run the command again`;
}
