// The figures without a contender: translation, import, package size.
import { Buffer } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { PEER } from './contenders.mjs';
import { Helper } from './processes.mjs';
import { REFUSALS } from './samples.mjs';

const ROOT = new URL('../../', import.meta.url);
const IMPORTS = 15;
const IMPORTED = {
  'nestjs-lalamove, ESM': ['esm', new URL('dist/esm/index.js', ROOT).href],
  'nestjs-lalamove, CommonJS': ['cjs', fileURLToPath(new URL('dist/cjs/index.js', ROOT))],
  [PEER]: ['esm', PEER],
  [`${PEER}, CommonJS`]: ['cjs', PEER],
};

/** In µs, one figure a round: for each refusal, and for Nest's own exception. */
export async function measureTranslation({ rounds }) {
  const names = [undefined, ...Object.keys(REFUSALS)];
  const helper = new Helper('translation.mjs');
  const ask = async (refusal) => (await helper.ask({ refusal })).microseconds;
  // The first runs warm up the compiler.
  for (const name of names) await ask(name);
  const figures = new Map(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) figures.get(name).push(await ask(name));
  }
  helper.stop();
  const [[, bare], ...translated] = figures;
  return { bare, translated };
}

/** How many µs the limiter adds, by method, one figure a round. */
export async function measureLimiter({ rounds, methods }) {
  const helper = new Helper('limiter-process.mjs');
  const figures = Object.fromEntries(methods.map((method) => [method, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const method of methods) figures[method].push((await helper.ask({ method })).microseconds);
  }
  helper.stop();
  return figures;
}

/** In ms, by module, one figure for each new process. */
export function measureImports() {
  const script = fileURLToPath(new URL('import-time.mjs', import.meta.url));
  const figures = new Map(Object.keys(IMPORTED).map((name) => [name, []]));
  for (let round = 0; round < IMPORTS; round += 1) {
    for (const [name, what] of Object.entries(IMPORTED)) {
      const told = execFileSync(process.execPath, [script, ...what], { encoding: 'utf8' });
      figures.get(name).push(JSON.parse(told).milliseconds);
    }
  }
  return figures;
}

/**
 * In npm's order: files of one name stand together, so that gzip compresses their common parts once.
 */
function pathsInTarball() {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-lalamove-pack-'));
  try {
    const options = { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] };
    const packed = execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], options);
    const [{ filename }] = JSON.parse(packed);
    const listed = execFileSync('tar', ['-tzf', join(folder, filename)], { encoding: 'utf8' });
    return listed
      .trim()
      .split('\n')
      .map((path) => path.replace(/^package\//, ''));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * The bundles that the core's entry point imports, in one build.
 *
 * @param {string[]} paths of all files in the tarball
 * @param {'esm' | 'cjs'} format
 */
function bundlesOfCore(paths, format) {
  const folder = `dist/${format}/`;
  const shared = paths.filter((path) => path.startsWith(`${folder}shared-`) && path.endsWith('.js'));
  const found = new Set([`${folder}index.js`]);
  // The loop also visits files that it adds.
  for (const path of found) {
    const code = readFileSync(new URL(path, ROOT), 'utf8');
    for (const other of shared) if (code.includes(`"./${basename(other)}"`)) found.add(other);
  }
  return found;
}

/** The folders of the entry points beside the core. */
const OTHER_ENTRY_POINTS = new RegExp(
  [
    '^dist/(esm|cjs)/(deliveries|redis|sandbox|openapi|health|telemetry|testing|doctor|conformance|schematics|board|',
    'tracking|pages)/',
  ].join(''),
);

/** The core's files in npm's tarball: without the other entry points, source maps and sources. */
export function packedFiles() {
  const paths = pathsInTarball();
  const bundles = new Set([...bundlesOfCore(paths, 'esm'), ...bundlesOfCore(paths, 'cjs')]);
  const isTypes = (path) => path.endsWith('.d.ts') && !OTHER_ENTRY_POINTS.test(path);
  return paths
    .filter(
      (path) => bundles.has(path) || path === 'dist/cjs/package.json' || (path.startsWith('dist/') && isTypes(path)),
    )
    .map((path) => ({ path, bytes: readFileSync(new URL(path, ROOT)) }));
}

/** Bytes: plain, and as a gzipped tarball of these files alone. */
export function sizeOf(files) {
  const block = 512;
  const parts = files.flatMap(({ path, bytes }) => {
    const header = Buffer.alloc(block);
    header.write(`package/${path}`);
    return [header, bytes, Buffer.alloc((block - (bytes.length % block)) % block)];
  });
  const plain = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
  return { count: files.length, plain, zipped: gzipSync(Buffer.concat(parts), { level: 9 }).length };
}
