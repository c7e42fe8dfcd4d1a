// Compiles the sources and the chaos processes like Jest does, so that child processes can run them. `npm test` uses it
// before anything is built, and `npm run test:chaos` uses it too.
import { transform } from '@swc/core';
import { createHash } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SWC } from '../swc.mjs';
import { ROOT, sabotagedFiles } from './sabotages/sabotage.mjs';

/** Everything that is compiled. */
function sources() {
  const folders = ['src', 'test/chaos', 'test/deliveries/postgres/processes', 'test/redis/processes', 'test/support'];
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .map((file) => join(folder, file))
      .filter(
        (file) =>
          file.endsWith('.ts') &&
          !file.endsWith('spec.ts') &&
          (folder !== 'test/support' ||
            /(seeded-random|sample-booking|free-port|private-postgres|private-redis)\.ts$/.test(file)),
      ),
  );
}

/** @returns {Promise<string>} the folder with the compiled `src` and `test` */
export async function compile() {
  const files = sources();
  const hash = createHash('sha256').update(JSON.stringify(SWC));
  for (const file of files) hash.update(file).update(await readFile(join(ROOT, file)));
  const out = join(ROOT, 'node_modules', '.cache', `lalamove-chaos-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(out)) return out;
  // Written to a draft folder and renamed, because two processes may compile at the same time.
  const draft = `${out}.${process.pid}`;
  for (const file of files) await compileFile(draft, file, await readFile(join(ROOT, file), 'utf8'));
  writeFileSync(join(draft, 'package.json'), '{ "type": "module" }\n');
  try {
    renameSync(draft, out);
  } catch {
    rmSync(draft, { recursive: true, force: true });
  }
  return out;
}

/**
 * Compiles with a sabotage. All other files are those of {@link compile}.
 *
 * @param {import('./sabotages/sabotage.mjs').Sabotage} sabotage
 * @returns {Promise<string>} a folder of its own, which the caller removes
 */
export async function compileSabotaged(sabotage) {
  const whole = await compile();
  const broken = sabotagedFiles(sabotage);
  const hash = createHash('sha256').update(sabotage.name).digest('hex').slice(0, 16);
  const out = `${whole}.${hash}.${process.pid}`;
  for (const file of ['package.json', ...sources().map(compiled)]) {
    mkdirSync(dirname(join(out, file)), { recursive: true });
    linkSync(join(whole, file), join(out, file));
  }
  for (const [file, text] of broken) {
    // Removed before it is written, because the whole build has the same file.
    rmSync(join(out, compiled(file)));
    await compileFile(out, file, text);
  }
  return out;
}

/** @param {string} file */
function compiled(file) {
  return file.replace(/\.ts$/, '.js');
}

/**
 * @param {string} folder
 * @param {string} file
 * @param {string} text
 */
async function compileFile(folder, file, text) {
  const { code } = await transform(text, { swcrc: false, ...SWC, filename: join(ROOT, file) });
  const target = join(folder, compiled(file));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, code);
}
