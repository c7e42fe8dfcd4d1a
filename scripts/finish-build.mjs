// What the compiler leaves of the ES modules, made quick to load: Node's loader takes half a millisecond for each, so they become one file an entry
// point, and one for what entry points share. CommonJS modules and types stay one a file.
import { build } from 'esbuild';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ENTRY_POINTS = [
  'index.js',
  'deliveries/index.js',
  'deliveries/migrate.command.js',
  'sandbox/index.js',
  'sandbox/command.js',
];

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const esm = join(dist, 'esm');
const cjs = join(dist, 'cjs');

/** @param {string} folder */
const filesOf = (folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file));

const { outputFiles } = await build({
  entryPoints: ENTRY_POINTS.map((file) => join(esm, file)),
  outdir: esm,
  bundle: true,
  splitting: true,
  packages: 'external',
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  write: false,
  chunkNames: 'shared-[hash]',
  // Nest shows the names of classes, which bundling may change.
  keepNames: true,
});
for (const file of filesOf(esm).filter((name) => /\.js(\.map)?$/.test(name))) rmSync(file);

for (const { path, contents } of outputFiles) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, contents);
}

// The package is ESM ("type": "module"); this marks the second build as what it is.
writeFileSync(join(cjs, 'package.json'), '{ "type": "commonjs" }\n');
