import Database from 'libsql';
import { closeSync, existsSync, fstatSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from 'node:fs';

// What a power cut leaves of a SQLite file in WAL mode, by SQLite's own contract: https://sqlite.org/wal.html and
// https://sqlite.org/pragma.html#pragma_synchronous.

const WAL_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

/** `pragma synchronous`: with 2 (FULL) or more, every commit is synced before it returns. */
const FULL = 2;

/**
 * Changes the files of a killed process to what a power cut may leave of them: the WAL ends with the last synced
 * commit, or with an incomplete frame after it; the wal-index is gone, because it is never synced; and the machine has
 * another boot id.
 *
 * @param synchronous the process's `pragma synchronous`
 * @param isTorn whether an incomplete frame is left after the last commit
 */
export function cutPower(file: string, synchronous: number, isTorn: boolean): void {
  rmSync(`${file}-shm`, { force: true });
  const wal = `${file}-wal`;
  if (existsSync(wal)) cutWal(wal, synchronous, isTorn);
  if (existsSync(`${file}.lock`)) forgetBoot(`${file}.lock`);
}

/** The marker of the last process is one of another boot. */
function forgetBoot(path: string): void {
  const lock = new Database(path);
  try {
    const isMarked = lock.prepare("select 1 from sqlite_master where name = 'deliveries_marker'").get([]) !== undefined;
    if (isMarked) lock.exec("update deliveries_marker set boot = 'before the power cut'");
  } finally {
    lock.close();
  }
}

function cutWal(path: string, synchronous: number, isTorn: boolean): void {
  const wal = openSync(path, 'r+');
  try {
    // With less than FULL, only a checkpoint syncs the WAL: everything since may be lost.
    const end = synchronous >= FULL ? lastCommit(wal) : 0;
    ftruncateSync(wal, end);
    if (isTorn && end > 0) writeSync(wal, Buffer.alloc(1000, 0xa5), 0, 1000, end);
  } finally {
    closeSync(wal);
  }
}

/** The end of the last frame that commits a transaction, in bytes. */
function lastCommit(wal: number): number {
  const header = Buffer.alloc(WAL_HEADER_BYTES);
  if (readSync(wal, header, 0, WAL_HEADER_BYTES, 0) < WAL_HEADER_BYTES) return 0;
  const frameBytes = FRAME_HEADER_BYTES + header.readUInt32BE(8);
  const { size } = fstatSync(wal);
  const frame = Buffer.alloc(FRAME_HEADER_BYTES);
  let end = WAL_HEADER_BYTES;
  for (let at = WAL_HEADER_BYTES; at + frameBytes <= size; at += frameBytes) {
    readSync(wal, frame, 0, FRAME_HEADER_BYTES, at);
    // Frames with other salts are left from before the WAL was restarted.
    if (!frame.subarray(8, 16).equals(header.subarray(16, 24))) break;
    if (frame.readUInt32BE(4) !== 0) end = at + frameBytes;
  }
  return end;
}
