// Tests that optional peers are optional: follows the imports of each entry point through the built modules and type
// files, and compares the packages that it finds with the table of docs/reference/entry-points.md. After a build.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (/** @type {string} */ path) => readFileSync(join(root, path), 'utf8');
const manifest = JSON.parse(read('package.json'));
const optional = Object.keys(manifest.peerDependenciesMeta);
const ofTheCore = [
  ...Object.keys(manifest.dependencies),
  ...Object.keys(manifest.peerDependencies).filter((peer) => !optional.includes(peer)),
];

/** The peers of each entry point by the table: the names in the last column that package.json declares. */
const declared = new Map(
  [...read('docs/reference/entry-points.md').matchAll(/^\| `([^`]+)` +\|.*\|([^|]*)\|$/gm)].map(
    ([, entry = '', peers = '']) => [
      entry,
      [...peers.matchAll(/`([^`]+)`/g)].map(([, peer = '']) => peer).filter((peer) => optional.includes(peer)),
    ],
  ),
);

/** @param {string} path of a file without its extension, as an import names it */
function fileOf(path) {
  const types = path.replace(/\.js$/, '.d.ts');
  return [path, types].find((candidate) => existsSync(join(root, candidate))) ?? '';
}

/**
 * The packages that a file and the files that it imports load, with the first file that names each.
 *
 * @param {string} start
 */
function packagesOf(start) {
  const found = new Map();
  const seen = new Set();
  const open = [start];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const { importedFiles } = ts.preProcessFile(read(path), true, true);
    for (const { fileName } of importedFiles) {
      if (fileName.startsWith('.')) {
        const target = join(dirname(path), fileName);
        open.push(path.endsWith('.d.ts') ? target.replace(/\.js$/, '.d.ts') : fileOf(target));
      } else if (!isBuiltin(fileName)) {
        const name = fileName.split('/', fileName.startsWith('@') ? 2 : 1).join('/');
        if (!found.has(name)) found.set(name, path);
      }
    }
  }
  return found;
}

const entries = Object.entries(manifest.exports).filter(([, target]) => typeof target !== 'string');
const names = entries.map(([path]) => `${manifest.name}${path.slice(1)}`);
assert.deepEqual([...declared.keys()].sort(), [...names].sort(), 'docs/reference/entry-points.md lists other entries');

const problems = entries.flatMap(([path, target]) => {
  const entry = `${manifest.name}${path.slice(1)}`;
  const peers = declared.get(entry) ?? [];
  const files = [target.import.default, target.import.types, target.require.default, target.require.types];
  const imports = files.flatMap((/** @type {string} */ file) => [...packagesOf(file.slice(2))]);
  return [
    ...imports
      .filter(([name]) => ![...ofTheCore, ...peers].includes(name))
      .map(([name, importer]) => `${entry} imports ${name} in ${importer}, which the table does not name.`),
    ...peers
      .filter((peer) => !imports.some(([name]) => name === peer))
      .map((peer) => `${entry} does not import ${peer}, which the table names.`),
  ];
});
assert.deepEqual(problems, []);

// Each entry point exports the same names as ES module, as CommonJS, and as CommonJS that an ES module imports: Node
// then reads the names out of the code.
const require = createRequire(import.meta.url);
const namesOf = (/** @type {object} */ module) =>
  Object.keys(module)
    .filter((name) => !['default', 'module.exports', '__esModule'].includes(name))
    .sort();
for (const [path, target] of entries) {
  const esm = join(root, target.import.default);
  const cjs = join(root, target.require.default);
  const exported = namesOf(await import(pathToFileURL(esm).href));
  assert.deepEqual(namesOf(require(cjs)), exported, `${path} exports other names as CommonJS`);
  assert.deepEqual(namesOf(await import(pathToFileURL(cjs).href)), exported, `${path} hides names from an import`);
}
console.log(`ok: ${names.length} entry points import what they declare, and export the same names in both forms`);
