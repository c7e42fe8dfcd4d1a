#!/usr/bin/env node
import { migrateFile } from './migrate-file.js';

// A command prints its result: the message to stdout, an error to stderr.
void migrateFile(process.argv.slice(2)).then(({ code, message }) => {
  if (code === 0) console.log(message);
  else console.error(message);
  process.exitCode = code;
});
