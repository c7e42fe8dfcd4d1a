// What the compiler leaves, made quick to load and no larger than it need be:
// - the ES modules become one file an entry point, and one for what entry points share, for Node's loader takes half a millisecond for each;
// - comments go from the code, and from the CommonJS modules, which stay one a file, white space as well; comments stay in the types;
// - the CommonJS modules get the types of the ES modules: the very same;
// - files that no entry point leads to go.
import { build } from 'esbuild';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
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

// The package is ESM ("type": "module"); this marks the second build as what it is, for esbuild as well.
writeFileSync(join(cjs, 'package.json'), '{ "type": "commonjs" }\n');

/**
 * @param {string} folder
 * @param {string} ending
 */
const filesOf = (folder, ending) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => join(folder, file));

/**
 * @param {string} code
 * @returns {string[]} the names of its classes
 */
const classesIn = (code) =>
  [...code.matchAll(/\bclass (?!extends\b)(\w+)|(\w+) ?= ?class(?: extends\b|\s*\{)/g)].map(
    ([, name, variable]) => name ?? variable ?? '',
  );

const written = new Set(filesOf(esm, '.js').flatMap((file) => classesIn(readFileSync(file, 'utf8'))));

/**
 * What is written of a file of esbuild's. Nest shows the names of classes, and esbuild gives others to those that name themselves: theirs come back, and blanks after them, for the maps count letters. (Its `keepNames`
 * would do, but names each closure anew whenever it is made.)
 *
 * @param {import('esbuild').OutputFile} file
 */
function withNamesOfClasses({ path, text: code }) {
  if (!path.endsWith('.js')) return code;
  const renamed = new Set(classesIn(code).filter((name) => !written.has(name)));
  return [...renamed].reduce((text, name) => {
    const own = name.replace(/^_|\d+$/g, '');
    if (!written.has(own)) throw new Error(`esbuild has made ${name} of a class: give it another name.`);
    return text.replaceAll(new RegExp(`\\b${name}\\b`, 'g'), own.padEnd(name.length));
  }, code);
}

/**
 * Each file of the compiler's by itself, without comments and white space, with a map to the sources.
 *
 * @param {string} folder
 * @param {boolean | 'inline'} sourcemap
 */
async function bareFiles(folder, sourcemap) {
  const { outputFiles } = await build({
    entryPoints: filesOf(folder, '.js'),
    outdir: folder,
    outbase: folder,
    target: 'node20',
    minifyWhitespace: true,
    sourcemap,
    write: false,
  });
  return outputFiles;
}

// Of what it bundles, esbuild keeps comments, and makes white space anew.
const texts = new Map((await bareFiles(esm, 'inline')).map(({ path, text }) => [path, text]));
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
  plugins: [
    {
      name: 'without-comments',
      setup: ({ onLoad }) => {
        onLoad({ filter: /\.js$/ }, ({ path }) => ({ contents: texts.get(path), resolveDir: dirname(path) }));
      },
    },
  ],
});
for (const file of [...filesOf(esm, '.js'), ...filesOf(esm, '.js.map')]) rmSync(file);

for (const file of await bareFiles(cjs, true)) writeFileSync(file.path, withNamesOfClasses(file));
for (const file of outputFiles) {
  mkdirSync(dirname(file.path), { recursive: true });
  writeFileSync(file.path, withNamesOfClasses(file));
}

/**
 * Which files the entry points lead to.
 *
 * @param {string} folder
 * @param {string} ending
 * @param {RegExp} reference to another file, without its ending
 */
function reached(folder, ending, reference) {
  const found = new Set(ENTRY_POINTS.map((file) => join(folder, file.replace(/\.js$/, ending))));
  // What is added on the way is visited as well.
  for (const file of found) {
    for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(reference)) {
      found.add(join(dirname(file), path + ending));
    }
  }
  return found;
}

// Of an earlier build.
for (const file of filesOf(cjs, '.d.ts')) rmSync(file);
const types = reached(esm, '.d.ts', /\b(?:from|import) ?\(?["'](\.{1,2}\/[^"']+)\.js["']/g);
for (const file of filesOf(esm, '.d.ts')) {
  if (types.has(file)) copyFileSync(file, join(cjs, relative(esm, file)));
  else rmSync(file);
}

const code = reached(cjs, '.js', /\brequire\(["'](\.{1,2}\/[^"']+)\.js["']\)/g);
for (const file of filesOf(cjs, '.js')) {
  if (code.has(file)) continue;
  rmSync(file);
  rmSync(`${file}.map`);
}
