// What the compilers leave, made quick to load: Node's loader takes half a millisecond for each ES module, so these become one file an entry point
// and one for what entry points share. CommonJS modules stay apart and lose their comments; types keep theirs, one a file.
import { build } from 'esbuild';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ENTRY_POINTS = ['index.js', 'sandbox/index.js', 'sandbox/command.js'];

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const esm = join(dist, 'esm');
const cjs = join(dist, 'cjs');

/** @param {string} folder */
const filesOf = (folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file));

const SHARED = /** @type {const} */ ({
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  keepNames: true,
  write: false,
});

const bundled = await build({
  ...SHARED,
  entryPoints: ENTRY_POINTS.map((file) => join(esm, file)),
  outdir: esm,
  bundle: true,
  splitting: true,
  packages: 'external',
  format: 'esm',
  chunkNames: 'shared-[hash]',
  // Nest shows the names of classes, which bundling may change.
  keepNames: true,
});
for (const file of filesOf(esm).filter((name) => /\.js(\.map)?$/.test(name))) rmSync(file);

const modules = filesOf(cjs).filter((name) => name.endsWith('.js'));
const stripped = await build({ ...SHARED, entryPoints: modules, outdir: cjs, outbase: cjs });

for (const { path, contents } of [...bundled.outputFiles, ...stripped.outputFiles]) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, contents);
}

// The package is ESM ("type": "module"); this marks the second build as what it is.
writeFileSync(join(cjs, 'package.json'), '{ "type": "commonjs" }\n');
