import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';

// The formats are defined in https://sqlite.org/walformat.html: a WAL has a header and frames of one page each. The
// wal-index (`-shm`) begins with two copies of a header that contains the number of committed frames.

const INDEX_HEADER_BYTES = 48;
const WAL_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

/** The facts about the WAL in the wal-index. */
interface IndexHeader {
  readonly frames: number;
  readonly pageBytes: number;
  /** The salts change with each restart of the WAL. The header of the WAL also contains them. */
  readonly salts: string;
}

/**
 * Finds missing frames in the WAL of a killed process. Call it before SQLite opens the WAL, because SQLite then
 * rebuilds the wal-index. The check is valid only if the process was killed in the current boot of the machine: the
 * wal-index is never synced, so after a power failure its contents are not reliable.
 *
 * @param path the database
 * @returns the problem in one sentence; `undefined` if there is none
 */
export function walProblem(path: string): string | undefined {
  const index = indexHeader(`${path}-shm`);
  if (!index || index.frames === 0) return undefined;
  const wal = `${path}-wal`;
  const bytes = sizeOf(wal);
  if (bytes === 0)
    return `Its ${wal} is missing or empty, with ${index.frames} pages in it when the last process was killed`;
  const expected = WAL_HEADER_BYTES + index.frames * (FRAME_HEADER_BYTES + index.pageBytes);
  if (bytes < expected) return `Its ${wal} is cut short: it has ${bytes} of ${expected} bytes`;
  const salts = head(wal, WAL_HEADER_BYTES).toString('hex', 16, 24);
  if (salts !== index.salts) return `Its ${wal} is another one than when the last process was killed`;
  return undefined;
}

/** `undefined` if the file is missing or incomplete; SQLite then rebuilds it. */
function indexHeader(path: string): IndexHeader | undefined {
  if (sizeOf(path) < 2 * INDEX_HEADER_BYTES) return undefined;
  const bytes = head(path, 2 * INDEX_HEADER_BYTES);
  const first = bytes.subarray(0, INDEX_HEADER_BYTES);
  const isWhole = first.equals(bytes.subarray(INDEX_HEADER_BYTES)) && first[12] === 1;
  if (!isWhole) return undefined;
  // The wal-index uses the byte order of the machine.
  const view = new DataView(first.buffer, first.byteOffset, INDEX_HEADER_BYTES);
  const isLittle = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
  const pageBytes = view.getUint16(14, isLittle);
  return {
    frames: view.getUint32(16, isLittle),
    // 65 536 does not fit and is written as 1.
    pageBytes: pageBytes === 1 ? 65_536 : pageBytes,
    salts: first.toString('hex', 32, 40),
  };
}

/** 0 if the file does not exist. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function head(path: string, length: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(length);
    readSync(file, bytes, 0, length, 0);
    return bytes;
  } finally {
    closeSync(file);
  }
}

/** The boot id of the machine; empty if it is unknown. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
