// Tests the README's quick start as a user pastes it: makes fresh apps with the Nest CLI, runs the commands and writes
// the files of README.md in order, waits for the completed order and delivery, compiles the code of the documents
// there, builds the app and runs its own tests. After a build. Needs the ports 3000 and 4010, as the README does.
// Arguments select the versions of Nest: `node test/package/quick-start.mjs 11`.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { nodeBinary } from './node-binary.mjs';
import { runShell } from './run-shell.mjs';
import { snippetsFor } from './snippets.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'lalamove-quick-start-'));
const versions = process.argv.length > 2 ? process.argv.slice(2) : ['11', '12'];
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const [, quickStart = ''] = /^(## Quick start$[\s\S]*?)^## In production$/m.exec(readme) ?? [];
const blocks = [...quickStart.matchAll(/^```(\w+)[^\n]*\n([\s\S]*?)^```$/gm)].map(([, language = '', code = '']) => ({
  language,
  code,
}));

/** The CLI of Nest 12 needs Node 22 or later; a package of npm has it. */
async function nodeFor(/** @type {string} */ version) {
  if (version === '11' || Number(process.versions.node.split('.')[0]) >= 22) return '';
  return (await nodeBinary(join(work, 'node'), '24')) + delimiter;
}

/** A command of the README that goes on, such as `npx nest start`. */
class Background {
  printed = '';

  /**
   * @param {string} cwd
   * @param {string} command
   * @param {NodeJS.ProcessEnv} env
   */
  constructor(cwd, command, env) {
    this.command = command;
    this.child = spawn('bash', ['-c', command], { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.on('data', (chunk) => (this.printed += String(chunk)));
    }
  }

  /** @param {RegExp} pattern */
  async says(pattern) {
    for (let tries = 0; !pattern.test(this.printed); tries += 1) {
      const isOver = this.child.exitCode !== null || tries === 1200;
      assert.ok(!isOver, `"${this.command}" did not print ${String(pattern)}:\n${this.printed}`);
      await pause(100);
    }
  }

  async stop() {
    if (this.child.exitCode !== null || this.child.pid === undefined) return;
    const ended = once(this.child, 'close');
    process.kill(-this.child.pid, 'SIGTERM');
    await ended;
  }
}

/** A fresh app, into which the README is pasted. */
class FreshApp {
  /** @type {Background | undefined} */
  #sandbox;
  /** @type {Background | undefined} */
  #app;

  /**
   * @param {string} folder
   * @param {string} tarball
   * @param {NodeJS.ProcessEnv} env
   */
  constructor(folder, tarball, env) {
    this.folder = folder;
    this.tarball = tarball;
    this.env = env;
  }

  /** @param {{ language: string, code: string }} block */
  async paste({ language, code }) {
    if (language === 'sh') return this.#run(code);
    if (language !== 'ts') return;
    const [, file] = /^\/\/ (src\/\S+)$/m.exec(code) ?? [];
    if (file !== undefined) writeFileSync(join(this.folder, file), code);
    // What `nest add` has written.
    else if (/^(Lalamove|Deliveries)Module\./.test(code)) this.#contains('src/app.module.ts', code);
    else if (code.startsWith('imports: [AppModule,')) this.#changeTest(code.trim().replace(/,$/, ''));
    else assert.fail(`The test does not know what to do with:\n${code}`);
  }

  /** @param {string} code */
  async #run(code) {
    if (code.startsWith('npx lalamove-sandbox')) {
      this.#sandbox = new Background(this.folder, code, this.env);
      await this.#sandbox.says(/listens on/);
    } else if (code.includes('nest start')) {
      await runShell(this.folder, code.replace(/^npx nest start.*$/m, ''), this.env);
      this.start = code.split('\n').find((line) => line.includes('nest start')) ?? '';
      await this.#restart();
    } else if (code.startsWith('curl')) {
      await this.#restart();
      const answer = JSON.parse(await runShell(this.folder, code, this.env));
      assert.ok(answer.orderId ?? answer.reference, JSON.stringify(answer));
      await this.#app?.says(
        answer.orderId ? new RegExp(`Order ${answer.orderId} is COMPLETED`) : /Delivery A-1 is completed/,
      );
    } else {
      // `nest add` would install the published package: this is what it does, with the packed one.
      const nestAdd =
        `npm install --no-audit --no-fund ${this.tarball} && ` +
        'node node_modules/@angular-devkit/schematics-cli/bin/schematics.js nestjs-lalamove:nest-add --source-root=src';
      await runShell(this.folder, code.replace('npx nest add nestjs-lalamove', nestAdd), this.env);
    }
  }

  async #restart() {
    await this.#app?.stop();
    this.#app = new Background(this.folder, this.start ?? '', this.env);
    await this.#app.says(/successfully started/);
  }

  /**
   * @param {string} file
   * @param {string} code
   */
  #contains(file, code) {
    const [text, part] = [readFileSync(join(this.folder, file), 'utf8'), code].map((it) => it.replace(/[\s,]/g, ''));
    assert.ok(
      text?.includes(part ?? ''),
      `${file} has not what README.md says:\n${readFileSync(join(this.folder, file), 'utf8')}`,
    );
  }

  /** @param {string} code */
  #changeTest(code) {
    const path = join(this.folder, 'test/app.e2e-spec.ts');
    const text = readFileSync(path, 'utf8');
    const [, from = ''] = /(import \{ LalamoveTestingModule \} from '[^']+')/.exec(quickStart) ?? [];
    assert.ok(text.includes('imports: [AppModule]'));
    writeFileSync(path, `${from};\n${text.replace('imports: [AppModule]', code)}`);
  }

  async stop() {
    await this.#app?.stop();
    await this.#sandbox?.stop();
  }
}

/**
 * @param {string} version
 * @param {string} tarball
 */
async function tryVersion(version, tarball) {
  const env = { ...process.env, PATH: (await nodeFor(version)) + (process.env.PATH ?? ''), CI: 'true' };
  const name = `shop-${version}`;
  const create = `npx -y @nestjs/cli@${version} new ${name} --skip-git --package-manager npm --strict`;
  await runShell(work, create, env);
  const app = new FreshApp(join(work, name), tarball, env);
  const started = Date.now();
  try {
    for (const block of blocks) await app.paste(block);
  } finally {
    await app.stop();
  }
  await runShell(app.folder, 'npm run build && npm test && npm run test:e2e', env);
  const compiled = await snippetsFor(app.folder, version, root, env);
  const seconds = Math.round((Date.now() - started) / 1000);
  console.log(
    `ok: the quick start on Nest ${version} in ${seconds} s; ${compiled} files of the documents compile there`,
  );
}

let failed = 0;
try {
  const [packed] = JSON.parse(
    await runShell(root, `npm pack --ignore-scripts --json --pack-destination ${work}`, process.env),
  );
  for (const version of versions) {
    try {
      await tryVersion(version, join(work, packed.filename));
    } catch (error) {
      failed += 1;
      console.log(
        `FAILED: the quick start on Nest ${version}\n${error instanceof Error ? error.stack : String(error)}`,
      );
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
process.exitCode = failed > 0 ? 1 : 0;
