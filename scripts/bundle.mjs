// Makes the package from dist/compiled, where tsc wrote each source file as JavaScript and as types:
// - dist/esm and dist/cjs are bundles, because Node's loader takes about half a millisecond for each file;
// - both get the same types, as tsc wrote them, one file for each source file. Files that no entry point imports are
// left out: Rolldown follows the imports of the code, TypeScript those of the types;
// - dist/pages is the browser code of the pages;
// - dist/schematics is what the Nest CLI runs for `nest add`: CommonJS, without types.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { build } from 'rolldown';
import ts from 'typescript';
import bundlePages from './bundle-pages.mjs';

const COMPILED = resolve('dist/compiled');
const ESM = 'dist/esm';
const CJS = 'dist/cjs';
const SCHEMATICS = 'dist/schematics';

/** @type {{ files: string[] }} */
const { files } = ts.readConfigFile('tsconfig.build.json', ts.sys.readFile).config;
/** E.g. "sandbox/index". */
const sources = files.map((file) => relative('src', file).slice(0, -'.ts'.length));
const entryPoints = sources.filter((name) => !name.startsWith('schematics/'));
const schematics = sources.filter((name) => name.startsWith('schematics/'));

/** @type {import('rolldown').Plugin} */
const sourceMapsOfTsc = {
  name: 'source-maps-of-tsc',
  load(id) {
    if (!id.startsWith(COMPILED)) return null;
    return { code: readFileSync(id, 'utf8'), map: readFileSync(`${id}.map`, 'utf8') };
  },
};

/**
 * The ES modules import libphonenumber-js through a CommonJS module: class-validator has loaded its CommonJS copy
 * already, and the ES modules of the other copy, about a hundred, take longer to load than the whole core.
 */
const PHONE_NUMBERS = {
  name: 'libphonenumber-js/max',
  file: 'libphonenumber-max.cjs',
  text: `'use strict';
const phoneNumbers = require('libphonenumber-js/max');
exports.isSupportedCountry = phoneNumbers.isSupportedCountry;
exports.parsePhoneNumberFromString = phoneNumbers.parsePhoneNumberFromString;
`,
};

/**
 * The compiled files that an entry point imports, itself included.
 *
 * @param {string} name
 */
function reachedFrom(name) {
  const reached = new Set([join(COMPILED, `${name}.js`)]);
  for (const file of reached) {
    const { importedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'), true, true);
    for (const { fileName } of importedFiles) if (fileName.startsWith('.')) reached.add(join(dirname(file), fileName));
  }
  return reached;
}

/** Entry points that are used without the module, so that they load no more of it than they need. */
const APART = entryPoints.filter((name) => /^(sandbox|doctor|conformance|redis)|\.command$|queue|storage/.test(name));

/**
 * The chunks of the core: few, because each takes time to load. What other entry points share with it is apart. Other
 * chunks are as Rolldown makes them.
 */
const core = reachedFrom('index');
const sandbox = reachedFrom('sandbox/index');
const apart = new Set(APART.flatMap((name) => [...reachedFrom(name)]));
const CHUNKS = [
  // The small parts that every entry point uses, which import no package.
  { name: 'internal', test: /compiled.internal./ },
  { name: 'facts', test: (/** @type {string} */ id) => core.has(id) && sandbox.has(id) },
  { name: 'options', test: (/** @type {string} */ id) => core.has(id) && apart.has(id) },
  { name: 'core', test: (/** @type {string} */ id) => core.has(id) },
];

/**
 * @param {string} dir
 * @param {'esm' | 'cjs'} format
 * @param {readonly string[]} names of the entry points
 * @param {string} base the folder below which the bundles keep their paths
 */
async function bundle(dir, format, names, base = '') {
  await build({
    input: Object.fromEntries(names.map((name) => [relative(base, name), join(COMPILED, `${name}.js`)])),
    // The helpers of tslib are bundled; other packages stay imports.
    external: (id) => !id.startsWith('.') && !isAbsolute(id) && id !== 'tslib',
    platform: 'node',
    plugins: [sourceMapsOfTsc],
    output: {
      dir,
      format,
      cleanDir: true,
      paths: format === 'esm' ? { [PHONE_NUMBERS.name]: `./${PHONE_NUMBERS.file}` } : {},
      // The same names in both folders: npm packs files of one name side by side, which gzip compresses as one.
      chunkFileNames: 'shared-[name].js',
      codeSplitting: { groups: CHUNKS },
      // As tsc writes it, for hosts that import a whole CommonJS module as a namespace.
      esModule: true,
      // The optional libsql: by import() in an ES module, by require() in CommonJS, because Jest refuses an import()
      // there.
      dynamicImportInCjs: false,
      // Nest and stack traces show the names of classes. Rolldown renames a class only if a bundle has two of that
      // name.
      keepNames: true,
      comments: false,
      // Short names of local variables. ES modules keep their lines, because Node prints the line of an uncaught error.
      // The CommonJS modules are the small copy, without white space.
      minify: {
        // Not in CommonJS: it writes `true` as `!0`, and Node then does not find an exported name that is a getter.
        compress: format === 'esm' && { target: 'es2022' },
        mangle: { toplevel: format === 'cjs', keepNames: true },
        codegen: { removeWhitespace: format === 'cjs' },
      },
      sourcemap: true,
      // The package contains src.
      sourcemapExcludeSources: true,
    },
  });
}

/** The type files that the entry points import. */
function reachedTypes() {
  const entries = entryPoints.map((name) => join(COMPILED, `${name}.d.ts`));
  const module = ts.ModuleKind.NodeNext;
  const moduleResolution = ts.ModuleResolutionKind.NodeNext;
  const program = ts.createProgram(entries, { module, moduleResolution, noLib: true, types: [] });
  return program
    .getSourceFiles()
    .map(({ fileName }) => relative(COMPILED, fileName))
    .filter((path) => !path.startsWith('..'));
}

/**
 * @param {string} from
 * @param {string} to
 */
function copy(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

await bundlePages();
await bundle(ESM, 'esm', entryPoints);
writeFileSync(join(ESM, PHONE_NUMBERS.file), PHONE_NUMBERS.text);
await bundle(CJS, 'cjs', entryPoints);
await bundle(SCHEMATICS, 'cjs', schematics, 'schematics');
for (const path of reachedTypes()) {
  for (const dir of [ESM, CJS]) copy(join(COMPILED, path), join(dir, path));
}
for (const path of [
  'collection.json',
  ...schematics.map((name) => join(dirname(relative('schematics', name)), 'schema.json')),
]) {
  copy(join('src/schematics', path), join(SCHEMATICS, path));
}
// The package is of "type": "module"; this marks its CommonJS modules.
for (const dir of [CJS, SCHEMATICS]) writeFileSync(join(dir, 'package.json'), '{ "type": "commonjs" }\n');
