// Compiles the sources and what the chaos processes need of the tests, as Jest does, so that processes of their own can run them: the same in `npm test`, before anything
// is built, and in `npm run test:chaos`.
import { transformFile } from '@swc/core';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SWC } from '../swc.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * @param {(file: string, code: string) => string} [patch] breaks the compiled code on purpose
 * @returns {Promise<string>} the folder in which `src` and `test` lie compiled
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
  // Made aside and moved: two may be compiling at once.
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
  if (patch && !isPatched) throw new Error('The patch did not fit: the code that it breaks has changed.');
  try {
    renameSync(draft, out);
  } catch {
    rmSync(draft, { recursive: true, force: true });
  }
  return out;
}

/**
 * The build that the chaos test must catch: the attempt is committed after the order was posted, instead of reserved before.
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
