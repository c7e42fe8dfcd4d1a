// Run by `npm run docs`, after a build.
import { ERROR_CATALOG } from 'nestjs-lalamove';
import { readFileSync, writeFileSync } from 'node:fs';
import { withErrorTable } from './error-table.mjs';

const page = new URL('../docs/reference/errors.md', import.meta.url);
writeFileSync(page, withErrorTable(readFileSync(page, 'utf8'), ERROR_CATALOG));
