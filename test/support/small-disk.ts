import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A disk in memory, of a few MB, that can be filled. */
export class SmallDisk {
  private constructor(readonly folder: string) {}

  /** Whether this process may mount: a container often may not. */
  static get isPossible(): boolean {
    try {
      SmallDisk.mount(1).unmount();
      return true;
    } catch {
      return false;
    }
  }

  static mount(megabytes: number): SmallDisk {
    const folder = mkdtempSync(join(tmpdir(), 'small-disk-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'ignore' });
    } catch (error) {
      rmSync(folder, { recursive: true });
      throw error;
    }
    return new SmallDisk(folder);
  }

  /** Writes a file until nothing is left. */
  fill(): void {
    const file = openSync(join(this.folder, 'filler'), 'w');
    const block = Buffer.alloc(4096, 1);
    try {
      while (statfsSync(this.folder).bavail > 0) writeSync(file, block);
    } finally {
      closeSync(file);
    }
  }

  /** Removes that file. */
  empty(): void {
    rmSync(join(this.folder, 'filler'));
  }

  unmount(): void {
    execFileSync('umount', ['--lazy', this.folder], { stdio: 'ignore' });
    rmSync(this.folder, { recursive: true, force: true });
  }
}
