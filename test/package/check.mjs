// Packs the package, installs it into separate host projects, and compiles and runs these: an ES module host on Nest
// 12, a CommonJS host on Nest 11 (whose Jest cannot load ES modules), and a host on an early Nest 11. Run it with `npm
// run test:package` after a build. `--all` adds further versions of Node, TypeScript and Vitest, and pnpm. Another
// argument selects the hosts by name, such as `11.0.3`.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HOSTS, MORE_HOSTS } from './hosts.mjs';
import { nodeBinary } from './node-binary.mjs';
import { runShell } from './run-shell.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'nestjs-lalamove-'));
const wanted = process.argv.slice(2).filter((argument) => argument !== '--all');
const hosts = [...HOSTS, ...(process.argv.includes('--all') ? MORE_HOSTS : [])].filter(({ name }) =>
  wanted.every((part) => name.includes(part)),
);

/** @type {Map<string, Promise<string>>} The folders of Node's versions. */
const nodes = new Map();

/** @param {string | undefined} version */
async function environment(version) {
  if (version === undefined) return process.env;
  const folder = nodes.get(version) ?? nodeBinary(join(work, `node-${version}`), version);
  nodes.set(version, folder);
  return { ...process.env, PATH: `${await folder}${delimiter}${process.env.PATH ?? ''}` };
}

/**
 * @param {import('./hosts.mjs').Host} host
 * @param {string} folder
 * @param {string} tarball
 */
async function check({ type, module, dependencies, run, resolutions = [], manager = 'npm', node }, folder, tarball) {
  cpSync(join(root, 'test/package/host'), folder, { recursive: true });
  const compilerOptions = {
    target: 'ES2022',
    module,
    strict: true,
    esModuleInterop: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    types: ['node'],
    rootDir: '.',
    outDir: 'built',
  };
  const files = ['host.ts', 'main.ts', ...(type === 'module' ? ['foreign.ts'] : [])];
  const manifest = {
    name: 'host',
    private: true,
    type,
    dependencies: { ...dependencies, 'nestjs-lalamove': `file:${tarball}` },
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  const env = await environment(node);
  await runShell(
    folder,
    manager === 'pnpm' ? 'npx -y pnpm@10 install' : 'npm install --no-audit --no-fund --no-package-lock',
    env,
  );
  await runShell(folder, 'npx tsc', env);
  for (const flags of resolutions) await runShell(folder, `npx tsc --noEmit --skipLibCheck ${flags}`, env);
  const test =
    type === 'module'
      ? "import { checkHost } from './host.js';\ntest('the host', () => checkHost());\n"
      : "test('the host', () => require('./host.js').checkHost());\n";
  writeFileSync(join(folder, 'built/host.spec.js'), test);
  await runShell(folder, run.join(' '), env);
  // Two copies of the package in one process.
  if (type === 'module') await runShell(folder, 'node built/foreign.js', env);
}

let failed = 0;
try {
  const [{ filename }] = JSON.parse(
    await runShell(root, `npm pack --ignore-scripts --json --pack-destination ${work}`),
  );
  for (const [index, host] of hosts.entries()) {
    const started = Date.now();
    try {
      await check(host, join(work, String(index)), join(work, filename));
      console.log(`ok: ${host.name} (${Math.round((Date.now() - started) / 1000)} s)`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED: ${host.name}\n${error instanceof Error ? error.message : String(error)}`);
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
process.exitCode = failed > 0 ? 1 : 0;
