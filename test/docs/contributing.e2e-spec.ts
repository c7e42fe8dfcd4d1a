import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync } from 'node:fs';
import { isRecord } from '../../src/internal/is-record.js';
import { read } from './fences.js';

const PAGE = read('CONTRIBUTING.md');

/** Paths of the repository, such as `src/index.ts` or `docs/guides/`. */
const PATHS = new Set(
  [...PAGE.matchAll(/(?<![\w./-])(?:src|test|docs|bench|scripts|examples)\/[\w./-]*/g)].map(([path]) =>
    path.replace(/\.$/, ''),
  ),
);

/** The npm scripts that the page names: `npm run lint`, `npm test`. */
const NAMED = new Set([...PAGE.matchAll(/\bnpm (?:run ([\w:]+)|(test|start)\b)/g)].map(([, run, own]) => run ?? own));

describe('CONTRIBUTING.md', () => {
  it('names paths that exist', () => {
    expect(PATHS.size).toBeGreaterThan(80);
    expect([...PATHS].filter((path) => !existsSync(new URL(`../../${path}`, import.meta.url)))).toEqual([]);
  });

  it('names folders with a slash behind them, and files without one', () => {
    expect([...PATHS].filter((path) => path.endsWith('/') === /\.\w+$/.test(path))).toEqual([]);
  });

  it.each(['src', 'src/client', 'src/webhooks', 'src/deliveries', 'src/sandbox', 'test', 'docs', 'bench', 'examples'])(
    'has every folder of %s in its map',
    (parent) => {
      const folders = readdirSync(new URL(`../../${parent}`, import.meta.url), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => `${parent}/${name}/`);
      expect(folders.filter((folder) => !PATHS.has(folder))).toEqual([]);
    },
  );

  it('names every npm script, and no other', () => {
    const manifest: unknown = JSON.parse(read('package.json'));
    const scripts = isRecord(manifest) && isRecord(manifest.scripts) ? Object.keys(manifest.scripts) : [];
    // npm itself runs the others, before a script or before it packs.
    expect([...NAMED].sort()).toEqual(scripts.filter((name) => !/^pre[a-z]/.test(name)).sort());
  });
});
