// Bundles the browser code of src/ui into dist/pages, one folder for each page: app.js, app.css, and the chunks that
// app.js loads later. Jest runs it before the tests, scripts/bundle.mjs runs it in a build.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const ui = join(root, 'src/ui');
const pages = join(root, 'dist/pages');

/** What is bundled from npm, and so needs its license beside it. */
const BUNDLED = ['preact', 'leaflet'];

/** @param {string} path */
const read = (path) => readFileSync(path, 'utf8');

/** @param {string} folder */
const cssIn = (folder) =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.css'))
        .sort()
        .map((name) => read(join(folder, name)))
    : [];

/** The pages with a list beside a detail. */
const WITH_PANES = ['board', 'sandbox'];

/** @param {string} page */
function styles(page) {
  const leaflet = read(join(root, 'node_modules/leaflet/dist/leaflet.css'))
    // Its pictures are not used: markers are elements, and there is no control of layers.
    .replace(/[^{}]*\{[^{}]*url\([^{}]*\}/g, '');
  const panes = WITH_PANES.includes(page) ? cssIn(join(ui, 'shared/panes')) : [];
  const all = [leaflet, ...cssIn(join(ui, 'shared/styles')), ...panes, ...cssIn(join(ui, page, 'styles'))];
  return all
    .join('\n')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\s*\n\s*/g, '\n');
}

/** @param {string} page @returns {Promise<Map<string, string>>} */
async function filesOf(page) {
  const { output } = await build({
    input: { app: join(ui, page, 'main.tsx') },
    platform: 'browser',
    write: false,
    transform: { target: 'es2022' },
    output: { format: 'esm', minify: true, comments: false, chunkFileNames: '[name].js' },
  });
  /** @type {Map<string, string>} */
  const files = new Map([['app.css', styles(page)]]);
  for (const chunk of output) if (chunk.type === 'chunk') files.set(chunk.fileName, chunk.code);
  return files;
}

/**
 * Writes what has changed alone, because other tests may be reading the files.
 *
 * @param {string} folder
 * @param {ReadonlyMap<string, string>} files
 */
function write(folder, files) {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) if (!files.has(name)) rmSync(join(folder, name), { recursive: true });
  for (const [name, text] of files) {
    const path = join(folder, name);
    if (!existsSync(path) || read(path) !== text) writeFileSync(path, text);
  }
}

export default async function bundlePages() {
  const licenses = BUNDLED.map((name) => `${name}\n\n${read(join(root, 'node_modules', name, 'LICENSE')).trim()}\n`);
  const names = readdirSync(ui, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(ui, entry.name, 'main.tsx')))
    .map(({ name }) => name);
  for (const name of names) {
    const files = await filesOf(name);
    files.set('LICENSES.txt', licenses.join('\n----\n\n'));
    write(join(pages, name), files);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundlePages();
