// Packs the package, installs it into separate host projects, and compiles and runs these: an ES module host on Nest
// 12, a CommonJS host on Nest 11 (whose Jest cannot load ES modules), and a host on an early Nest 11. Run it with `npm
// run test:package` after a build. An argument selects the hosts by name, such as `11.0.3`.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SHARED = {
  axios: '^1.7.0',
  'class-transformer': '^0.5.1',
  'class-validator': '^0.14.0 || ^0.15.0',
  kysely: '^0.28.0',
  libsql: '^0.5.0',
  'reflect-metadata': '^0.2.0',
  rxjs: '^7.8.0',
  '@types/node': '^20.0.0',
};

const nest = (/** @type {string} */ version, /** @type {string} */ axios) => ({
  '@nestjs/axios': axios,
  '@nestjs/common': version,
  '@nestjs/core': version,
  '@nestjs/platform-express': version,
  '@nestjs/platform-fastify': version,
  '@nestjs/testing': version,
});

const HOSTS = [
  {
    name: 'ES modules, Nest 12',
    type: 'module',
    module: 'NodeNext',
    dependencies: { ...SHARED, ...nest('^12.0.0', '^12.0.0'), typescript: '~6.0.0' },
    run: ['node', 'built/main.js'],
  },
  {
    name: 'CommonJS, Nest 11',
    type: 'commonjs',
    module: 'Node16',
    dependencies: { ...SHARED, ...nest('^11.0.0', '^4.0.0'), typescript: '~5.9.0' },
    run: ['node', 'built/main.js'],
  },
  {
    name: 'CommonJS under Jest, Nest 11',
    type: 'commonjs',
    module: 'Node16',
    dependencies: { ...SHARED, ...nest('^11.0.0', '^4.0.0'), typescript: '~5.9.0', jest: '^30.0.0' },
    // A busy machine takes longer than Jest's five seconds.
    run: ['npx', 'jest', '--rootDir', 'built', '--testTimeout', '120000'],
  },
  {
    name: 'CommonJS, Nest 11.0.3, the first whose packages fit each other',
    type: 'commonjs',
    module: 'Node16',
    dependencies: { ...SHARED, ...nest('11.0.3', '4.0.0'), typescript: '~5.9.0' },
    run: ['node', 'built/main.js'],
  },
];

const [, , wanted = ''] = process.argv;
const root = fileURLToPath(new URL('../..', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'nestjs-lalamove-'));
const run = (/** @type {string} */ cwd, /** @type {string} */ command, /** @type {string[]} */ ...args) =>
  execFileSync(command, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  });

let failed = 0;
try {
  const [tarball] = JSON.parse(run(root, 'npm', 'pack', '--ignore-scripts', '--json', '--pack-destination', work));
  for (const [
    index,
    {
      name,
      type,
      module,
      dependencies,
      run: [command = '', ...args],
    },
  ] of HOSTS.filter((host) => host.name.includes(wanted)).entries()) {
    const host = join(work, String(index));
    cpSync(join(root, 'test/package/host'), host, { recursive: true });
    const manifest = {
      name: 'host',
      private: true,
      type,
      dependencies: { ...dependencies, 'nestjs-lalamove': `file:../${tarball.filename}` },
    };
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
    writeFileSync(join(host, 'package.json'), JSON.stringify(manifest));
    writeFileSync(
      join(host, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['host.ts', 'main.ts', ...(type === 'module' ? ['foreign.ts'] : [])] }),
    );
    try {
      run(host, 'npm', 'install', '--no-audit', '--no-fund', '--no-package-lock');
      run(host, 'npx', 'tsc');
      writeFileSync(join(host, 'built/host.spec.js'), "test('the host', () => require('./host.js').checkHost());\n");
      run(host, command, ...args);
      // Two copies of the package in one process.
      if (type === 'module') run(host, 'node', 'built/foreign.js');
      console.log(`ok: ${name}`);
    } catch (error) {
      failed += 1;
      const { stdout = '', stderr = '' } = /** @type {{ stdout?: string, stderr?: string }} */ (error);
      console.log(`FAILED: ${name}\n${stdout}\n${stderr}`);
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
process.exitCode = failed > 0 ? 1 : 0;
