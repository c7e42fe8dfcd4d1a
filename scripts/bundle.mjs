// Makes the package from dist/compiled, where tsc wrote each source file as JavaScript and as types:
// - dist/esm and dist/cjs are bundles, because Node's loader takes about half a millisecond for each file;
// - both get the same types, as tsc wrote them, one file for each source file. Files that no entry point imports are
// left out: Rolldown follows the imports of the code, TypeScript those of the types.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { build } from 'rolldown';
import ts from 'typescript';

const COMPILED = resolve('dist/compiled');
const ESM = 'dist/esm';
const CJS = 'dist/cjs';

/** @type {{ files: string[] }} */
const { files } = ts.readConfigFile('tsconfig.build.json', ts.sys.readFile).config;
/** E.g. "sandbox/index". */
const entryPoints = files.map((file) => relative('src', file).slice(0, -'.ts'.length));

/** @type {import('rolldown').Plugin} */
const sourceMapsOfTsc = {
  name: 'source-maps-of-tsc',
  load(id) {
    if (!id.startsWith(COMPILED)) return null;
    return { code: readFileSync(id, 'utf8'), map: readFileSync(`${id}.map`, 'utf8') };
  },
};

/**
 * @param {string} dir
 * @param {'esm' | 'cjs'} format
 */
async function bundle(dir, format) {
  await build({
    input: Object.fromEntries(entryPoints.map((name) => [name, join(COMPILED, `${name}.js`)])),
    // The helpers of tslib are bundled; other packages stay imports.
    external: (id) => !id.startsWith('.') && !isAbsolute(id) && id !== 'tslib',
    platform: 'node',
    plugins: [sourceMapsOfTsc],
    output: {
      dir,
      format,
      cleanDir: true,
      chunkFileNames: 'shared-[hash].js',
      // As tsc writes it, for hosts that import a whole CommonJS module as a namespace.
      esModule: true,
      // The optional libsql: by import() in an ES module, by require() in CommonJS, because Jest refuses an import()
      // there.
      dynamicImportInCjs: false,
      // Nest and stack traces show the names of classes. Rolldown renames a class only if a bundle has two of that
      // name.
      keepNames: true,
      comments: false,
      // ES modules keep their lines, because Node prints the line of an uncaught error. The CommonJS modules are the
      // small copy: without white space, and with short names of local variables.
      minify:
        format === 'cjs'
          ? { compress: false, mangle: { toplevel: false, keepNames: true }, codegen: { removeWhitespace: true } }
          : false,
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

await bundle(ESM, 'esm');
await bundle(CJS, 'cjs');
for (const path of reachedTypes()) {
  for (const dir of [ESM, CJS]) copy(join(COMPILED, path), join(dir, path));
}
// The package is of "type": "module"; this marks its CommonJS modules.
writeFileSync(join(CJS, 'package.json'), '{ "type": "commonjs" }\n');
