import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_CATALOG } from 'nestjs-lalamove';
import { read } from './fences.js';

const page = read('docs/troubleshooting.md');
const sources = new URL('../../src/', import.meta.url).pathname;

/** The source text of the package, with strings of several lines joined. */
const said = readdirSync(sources, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'))
  .map((path) =>
    readFileSync(join(sources, path), 'utf8')
      .replace(/['"`]\s*\+\s*['"`]/g, '')
      .replaceAll("\\'", "'"),
  )
  .join('\n');

/** The log lines that the page explains: the text in backticks at the start of a heading. */
const lines = [...page.matchAll(/^### `([^`]+)`/gm)].map(([, line = '']) => line);

describe('docs/troubleshooting.md', () => {
  it('explains more than 40 lines', () => {
    expect(lines.length).toBeGreaterThan(40);
  });

  it.each(lines.filter((line) => line.includes(' ')))('explains a line that exists in the source: %s', (line) => {
    const parts = line.split('…').map((part) => part.trim());
    expect(parts.filter((part) => !said.includes(part))).toEqual([]);
  });

  it('has every code that a consumer cannot correct', () => {
    const codes = ERROR_CATALOG.filter(({ fixableBy }) => fixableBy !== 'consumer').map(({ code }) => code);
    expect(codes.length).toBeGreaterThan(15);
    expect(codes.filter((code) => !page.includes(`| \`${code}\``))).toEqual([]);
  });
});
