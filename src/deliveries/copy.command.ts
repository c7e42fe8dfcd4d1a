#!/usr/bin/env node
import { endCommand } from './command-result.js';
import { copyStorage } from './copy-storage.js';

/** The progress is printed for each so many rows. */
const SHOWN_ROWS = 100_000;

function showProgress(table: string, rows: number): void {
  if (rows % SHOWN_ROWS === 0) console.error(`${table}: ${rows} rows`);
}

void copyStorage(process.argv.slice(2), showProgress).then(endCommand);
