import { statSync } from 'node:fs';

/** Identifies the file at a path. It changes if the file is deleted or replaced; `undefined` if there is no file. */
export function fileIdentity(path: string): string | undefined {
  try {
    const file = statSync(path, { throwIfNoEntry: false });
    return file && `${file.dev}:${file.ino}`;
  } catch {
    return undefined;
  }
}
