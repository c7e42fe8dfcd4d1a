// Bundles a host with the built package, as docs/guides/bundlers.md says, and runs the bundles: once with all packages
// beside it, once alone in an empty folder. Run it after a build: node test/package/bundled.mjs
import { transformFileSync } from '@swc/core';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { SWC } from '../swc.mjs';
import config from './bundled-host/rolldown.config.mjs';

const EXPECTED = '201 422 ERR_ORDER_NOT_FOUND 200 ORDER_STATUS_CHANGED';
const root = fileURLToPath(new URL('../..', import.meta.url));
// Inside the package, which resolves its own name by its exports.
const work = join(root, 'dist/bundled-host');
const alone = mkdtempSync(join(tmpdir(), 'bundled-'));
const input = join(work, 'main.js');

/** @type {{ name: string, options: object, place: string }[]} */
const BUNDLES = [
  { name: 'packages outside', options: { external: /^[^./]/ }, place: work },
  { name: 'everything inside', options: {}, place: alone },
  { name: 'everything inside, minified', options: { minify: true }, place: alone },
];

let failed = 0;
try {
  mkdirSync(work, { recursive: true });
  const { code } = transformFileSync(join(root, 'test/package/bundled-host/main.ts'), { swcrc: false, ...SWC });
  writeFileSync(input, code);
  for (const format of /** @type {const} */ (['esm', 'cjs'])) {
    for (const { name, options, place } of BUNDLES) {
      const file = join(work, `bundle.${format === 'esm' ? 'mjs' : 'cjs'}`);
      const { minify = false, ...rest } = /** @type {{ minify?: boolean }} */ (options);
      await build({ ...config, ...rest, input, logLevel: 'warn', output: { ...config.output, file, format, minify } });
      const moved = join(place, `moved.${format === 'esm' ? 'mjs' : 'cjs'}`);
      cpSync(file, moved);
      const printed = run(moved);
      if (printed !== EXPECTED) failed += 1;
      console.log(
        `${printed === EXPECTED ? 'ok' : 'FAILED'}: ${format}, ${name}${printed === EXPECTED ? '' : printed}`,
      );
    }
  }
  const guide = readFileSync(join(root, 'docs/guides/bundlers.md'), 'utf8');
  const written = readFileSync(join(root, 'test/package/bundled-host/rolldown.config.mjs'), 'utf8');
  if (!guide.includes(written)) {
    failed += 1;
    console.log('FAILED: docs/guides/bundlers.md has another configuration than test/package/bundled-host');
  }
} finally {
  rmSync(work, { recursive: true, force: true });
  rmSync(alone, { recursive: true, force: true });
}
process.exitCode = failed > 0 ? 1 : 0;

/**
 * @param {string} file
 * @returns {string} what the bundle printed
 */
function run(file) {
  try {
    return execFileSync(process.execPath, [file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  } catch (error) {
    return `\n${/** @type {{ stderr?: string }} */ (error).stderr ?? ''}`;
  }
}
