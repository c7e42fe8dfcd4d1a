#!/usr/bin/env node
// Runs `nest add nestjs-lalamove` in fresh apps of Nest 11 and Nest 12, which the Nest CLI makes: from the packed
// package (npm run build first), with npm. Then each app is built, started and tested.
//   node test/package/nest-add.mjs [--nest 11|12] [--keep]
// Nest 12's schematics need Node 22.22 or later: if this Node is older, one of version 24 is installed from npm.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { nodeBinary } from './node-binary.mjs';

const { values: flags } = parseArgs({
  options: { nest: { type: 'string' }, keep: { type: 'boolean', default: false } },
});
const versions = flags.nest === undefined ? ['11', '12'] : [flags.nest];
const folder = mkdtempSync(join(tmpdir(), 'lalamove-nest-add-'));

/** @type {(where: string, command: string, args: readonly string[], env?: NodeJS.ProcessEnv) => string} */
function run(where, command, args, env = process.env) {
  process.stdout.write(`$ ${command} ${args.join(' ')}\n`);
  try {
    return execFileSync(command, args, { cwd: where, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const { stdout, stderr } = Object(error);
    throw new Error(`${command} ${args.join(' ')} failed in ${where}:\n${stdout}\n${stderr}`, {
      cause: error,
    });
  }
}

/** @type {(holds: unknown, what: string) => void} */
function check(holds, what) {
  if (!holds) throw new Error(`Not so: ${what}`);
  process.stdout.write(`  ok: ${what}\n`);
}

/** @type {(path: string) => string} */
function textOf(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** The environment with a Node that Nest 12's schematics accept. */
async function environment() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 22)) return process.env;
  return { ...process.env, PATH: `${await nodeBinary(join(folder, 'node'), '24')}${delimiter}${process.env.PATH}` };
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}

/** @type {(app: string, nest: string, env: NodeJS.ProcessEnv) => Promise<void>} */
async function startsAndReceives(app, nest, env) {
  const port = await freePort();
  const keys = {
    LALAMOVE_API_KEY: 'pk_test_sandbox',
    LALAMOVE_API_SECRET: 'sk_test_sandbox',
    LALAMOVE_MARKET: 'HK',
    LALAMOVE_BASE_URL: 'http://127.0.0.1:9',
  };
  const child = spawn('node', ['dist/main.js'], { cwd: app, env: { ...env, ...keys, PORT: String(port) } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  try {
    for (let tries = 0; ; tries += 1) {
      const answer = await fetch(`http://127.0.0.1:${port}/webhooks/lalamove`, { method: 'POST' }).catch(
        () => undefined,
      );
      if (answer?.status === 200) break;
      if (tries === 150 || child.exitCode !== null) throw new Error(`The app does not answer:\n${output}`);
      await setTimeout(200);
    }
    check(existsSync(join(app, 'data/deliveries.db')), `Nest ${nest} starts, and opens its deliveries`);
  } finally {
    child.kill();
  }
}

const SPEC = `
import { Test } from '@nestjs/testing';
import { LalamoveService } from 'nestjs-lalamove';
import { LalamoveTestingModule } from 'nestjs-lalamove/testing';
import { AppModule } from './app.module.js';

it('has a LalamoveService', async () => {
  const imports = [AppModule, LalamoveTestingModule.forApp()];
  const module = await Test.createTestingModule({ imports }).compile();
  expect((await module.get(LalamoveService).getCities()).length).toBeGreaterThan(0);
  await module.close();
});
`;

/** @type {(nest: string, tarball: string, env: NodeJS.ProcessEnv) => Promise<void>} */
async function tryNest(nest, tarball, env) {
  const app = join(folder, `app${nest}`);
  const create = ['--yes', `@nestjs/cli@${nest}`, 'new', `app${nest}`, '--skip-git', '--package-manager', 'npm'];
  run(folder, 'npx', create, env);
  // `nest add` would install the published package. So this installs the packed one, and runs the command that
  // `nest add` runs then. With --skip-install it runs it by itself, and nothing is installed.
  run(app, 'npm', ['install', '--no-audit', '--no-fund', tarball], env);
  const command = join(app, 'node_modules/@angular-devkit/schematics-cli/bin/schematics.js');
  const nestAdd = (/** @type {string[]} */ ...args) =>
    run(app, 'npx', ['nest', 'add', 'nestjs-lalamove', '--skip-install', ...args], env);
  const files = () => ['package.json', '.env.example', 'src/app.module.ts'].map((it) => textOf(join(app, it)));

  const original = readFileSync(join(app, 'src/app.module.ts'), 'utf8');
  run(app, 'node', [command, 'nestjs-lalamove:nest-add', '--source-root=src'], env);
  const [manifest = '', variables = '', module = ''] = files();
  const axios = JSON.parse(manifest).dependencies['@nestjs/axios'];
  check(axios === (nest === '11' ? '^4.0.1' : '^12.0.1'), `@nestjs/axios of Nest ${nest} is ${axios}`);
  const installed = JSON.parse(readFileSync(join(app, 'node_modules/@nestjs/axios/package.json'), 'utf8')).version;
  check(installed.startsWith(nest === '11' ? '4.' : '12.'), `it is installed: ${installed}`);
  check(/LalamoveModule\.forRootAsync\({\s+useFactory/.test(module), 'the root module imports LalamoveModule');
  check(variables.includes('LALAMOVE_API_KEY='), '.env.example names the variables');
  nestAdd();
  check(JSON.stringify(files()) === JSON.stringify([manifest, variables, module]), 'a second run changes nothing');

  writeFileSync(join(app, 'src/app.module.ts'), original);
  nestAdd('--deliveries');
  check(files()[2]?.includes('DeliveriesModule.forRoot('), '--deliveries registers DeliveriesModule');
  check(/^data\/$/m.test(textOf(join(app, '.gitignore'))), '--deliveries keeps its database out of git');
  run(app, 'npm', ['install', '--no-audit', '--no-fund'], env);
  if (existsSync(join(app, 'node_modules/prettier')))
    run(app, 'npx', ['prettier', '--check', 'src/app.module.ts'], env);
  run(app, 'npm', ['run', 'build'], env);
  check(existsSync(join(app, 'dist/main.js')), 'the app compiles');
  await startsAndReceives(app, nest, env);
  writeFileSync(join(app, 'src/lalamove.spec.ts'), nest === '11' ? SPEC.replace('app.module.js', 'app.module') : SPEC);
  run(app, 'npm', ['test'], env);
  check(true, `its tests pass with the ${nest === '11' ? 'Jest' : 'Vitest'} of nest new`);
}

try {
  const [{ filename }] = JSON.parse(
    run('.', 'npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]),
  );
  const env = await environment();
  for (const nest of versions) await tryNest(nest, resolve(folder, filename), nest === '12' ? env : process.env);
  process.stdout.write(`nest add works on Nest ${versions.join(' and ')}.\n`);
} finally {
  if (flags.keep) process.stdout.write(`The apps are in ${folder}.\n`);
  else rmSync(folder, { recursive: true, force: true });
}
