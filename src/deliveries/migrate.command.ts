#!/usr/bin/env node
import { migrateFile } from './migrate-file.js';

void migrateFile(process.argv.slice(2)).then(({ code, message }) => {
  if (code === 0) console.log(message);
  else console.error(message);
  process.exitCode = code;
});
