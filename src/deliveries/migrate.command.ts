#!/usr/bin/env node
import { migrateFile } from './migrate-file.js';

void migrateFile(process.argv.slice(2)).then(({ code, told }) => {
  if (code === 0) console.log(told);
  else console.error(told);
  process.exitCode = code;
});
