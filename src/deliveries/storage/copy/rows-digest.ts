import { createHash } from 'node:crypto';
import type { CopiedRow } from './copied-tables.js';

/** The number of rows of a table, and a SHA-256 of all values in the order of the ids. */
export interface TableDigest {
  readonly rows: number;
  readonly hash: string;
}

/** Computes the digest of a table, in the same way on both sides. */
export class RowsDigest {
  readonly #hash = createHash('sha256');
  #rows = 0;

  add(rows: readonly CopiedRow[]): void {
    this.#rows += rows.length;
    // JSON separates the values unambiguously.
    for (const row of rows) this.#hash.update(`${JSON.stringify(row)}\n`);
  }

  /** Call it once, after the last row. */
  end(): TableDigest {
    return { rows: this.#rows, hash: this.#hash.digest('hex') };
  }
}
