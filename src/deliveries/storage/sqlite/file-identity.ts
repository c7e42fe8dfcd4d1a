import { statSync } from 'node:fs';

/** Which file there is at a path: the same as long as it is not deleted or replaced. `undefined` if there is none. */
export function fileIdentity(path: string): string | undefined {
  try {
    const file = statSync(path, { throwIfNoEntry: false });
    return file && `${file.dev}:${file.ino}`;
  } catch {
    return undefined;
  }
}
