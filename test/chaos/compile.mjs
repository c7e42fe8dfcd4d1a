// Compiles the sources and the chaos processes like Jest does, so that child processes can run them. `npm test` uses it
// before anything is built, and `npm run test:chaos` uses it too.
import { transformFile } from '@swc/core';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SWC } from '../swc.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * @param {(file: string, code: string) => string} [patch] changes the compiled code to break it on purpose
 * @returns {Promise<string>} the folder with the compiled `src` and `test`
 */
export async function compile(patch) {
  const files = ['src', 'test/chaos', 'test/support'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .map((file) => join(folder, file))
      .filter(
        (file) =>
          file.endsWith('.ts') &&
          !file.endsWith('spec.ts') &&
          (folder !== 'test/support' || /(seeded-random|sample-booking)\.ts$/.test(file)),
      ),
  );
  const hash = createHash('sha256').update(String(patch)).update(JSON.stringify(SWC));
  for (const file of files) hash.update(file).update(await readFile(join(root, file)));
  const out = join(root, 'node_modules', '.cache', `lalamove-chaos-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(out)) return out;
  // Written to a draft folder and renamed, because two processes may compile at the same time.
  const draft = `${out}.${process.pid}`;
  let isPatched = false;
  for (const file of files) {
    const { code } = await transformFile(join(root, file), { swcrc: false, ...SWC });
    const broken = patch ? patch(file, code) : code;
    isPatched ||= broken !== code;
    const target = join(draft, file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, broken);
  }
  writeFileSync(join(draft, 'package.json'), '{ "type": "module" }\n');
  if (patch && !isPatched) throw new Error('The patch has changed nothing: adapt it to the code that it breaks.');
  try {
    renameSync(draft, out);
  } catch {
    rmSync(draft, { recursive: true, force: true });
  }
  return out;
}

/**
 * Breaks the build for the chaos test, which must detect it: the attempt is committed after the POST, not before.
 *
 * @param {string} file
 * @param {string} code
 */
export function commitAfterPost(file, code) {
  if (!file.endsWith('actions/place-order.ts')) return code;
  const row = 'await trx.storage.reserveAttempt(decided.record, attempt, quotation);';
  const state = 'await trx.change(id, (snapshot)=>reserved(snapshot, attempt), ';
  const end = 'const booked = await answers.persist(';
  if (![row, state, end].every((line) => code.includes(line))) {
    throw new Error('The code that places orders has changed: adapt the broken build to it.');
  }
  const late = `const { attempt, quotation } = reservation;
  await deliveries.transact(async (trx) => {
    ${row.replace('decided.record', 'record')}
    return ${state.replace('(id,', '(record.id,')}{});
  });`;
  const broken = code.replace(row, '').replace(state, 'await unreserved(decided, ').replace(end, `${late}\n${end}`);
  return `${broken}\nasync function unreserved(decided) { return decided; }\n`;
}
