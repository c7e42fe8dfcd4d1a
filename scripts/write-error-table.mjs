// Run by `npm run docs`, after a build.
import { ERROR_CATALOG } from 'nestjs-lalamove';
import { readFileSync, writeFileSync } from 'node:fs';
import { withErrorTable } from './error-table.mjs';

const readme = new URL('../README.md', import.meta.url);
writeFileSync(readme, withErrorTable(readFileSync(readme, 'utf8'), ERROR_CATALOG));
