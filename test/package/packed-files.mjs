// Tests what `npm pack` puts into the tarball: only what users need, pages whose links lead to packed files, one
// address of the repository, and a core of at most 150 kB (docs/design/benchmarks.md).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (/** @type {string} */ path) => readFileSync(join(root, path), 'utf8');
const [{ files }] = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--ignore-scripts', '--json'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  }),
);
/** @type {string[]} */
const packed = files.map((/** @type {{ path: string }} */ { path }) => path);

const NEEDED = [
  /^(README|CHANGELOG|CONTRIBUTING|SECURITY)\.md$/,
  /^(LICENSE|package\.json|\.env\.example)$/,
  /^docs\/.+\.(md|webp)$/,
  // Modules, types and source maps; the sources, to which the maps refer.
  /^dist\/(esm|cjs)\/.+\.(js|js\.map|d\.ts)$/,
  /^dist\/(cjs|schematics)\/package\.json$/,
  /^dist\/esm\/libphonenumber-max\.cjs$/,
  // What `nest add` runs.
  /^dist\/schematics\/.+\.(js|js\.map|json)$/,
  /^src\/schematics\/.+\.json$/,
  /^src\/.+(?<!\.spec)\.tsx?$/,
  // The pages: what browsers load, and its sources.
  /^dist\/pages\/.+\.(js|css|txt)$/,
  /^src\/ui\/.+\.(css|json)$/,
];
assert.deepEqual(
  packed.filter((path) => !NEEDED.some((pattern) => pattern.test(path))),
  [],
  'The tarball has files that no user needs.',
);

/** @param {string} page */
function brokenLinks(page) {
  const text = read(page).replace(/^ *```[\s\S]*?^ *```$/gm, '');
  return [...text.matchAll(/\]\(([^)\s#]+)(?:#[^)\s]*)?\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => decodeURIComponent(new URL(target, `file:///${page}`).href.slice('file:///'.length)))
    .filter((target) => !packed.includes(target))
    .map((target) => `${page}: ${target}`);
}
const pages = packed.filter((path) => path.endsWith('.md'));
assert.deepEqual(pages.flatMap(brokenLinks), [], 'A link in the tarball leads to a file that is not packed.');

// npm resolves the links of README.md by `repository`.
const { repository, homepage, bugs } = JSON.parse(read('package.json'));
const address = repository.url.replace(/^git\+/, '').replace(/\.git$/, '');
assert.deepEqual([homepage, bugs.url], [`${address}#readme`, `${address}/issues`]);

/** As the benchmark measures it. */
const { packedFiles, sizeOf } = await import(new URL('../../bench/client/figures.mjs', import.meta.url).href);
const { zipped } = sizeOf(packedFiles());
assert.ok(zipped <= 150_000, `The core has ${zipped} bytes in the tarball, more than 150 kB.`);

console.log(`ok: ${packed.length} packed files, ${pages.length} pages, core ${zipped} bytes`);
