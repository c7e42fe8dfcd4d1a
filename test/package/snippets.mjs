import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { runShell } from './run-shell.mjs';

/** The packages that the code of the documents imports beside those of the quick start. */
const PACKAGES = [
  '@lalamove/lalamove-js',
  '@opentelemetry/api@1.9',
  '@opentelemetry/context-async-hooks@2.12',
  '@opentelemetry/exporter-prometheus@0.223',
  '@opentelemetry/sdk-metrics@2.12',
  '@opentelemetry/sdk-trace-base@2.12',
  '@types/pg@8',
  'drizzle-orm',
  'ioredis@5',
  'nestjs-cls@6',
  'pg@8',
  'typeorm@1',
];

/** Those of Nest, in the version of the host. */
const NEST = ['microservices', 'platform-fastify', 'swagger', 'terminus', 'websockets'];

/**
 * Compiles the code of the documents in a host, with the host's own compiler and options. Files that import a package
 * which the host does not have, such as a GraphQL driver, are left out, as are those with an `await` at the top of a
 * CommonJS module.
 *
 * @param {string} host the folder of the host
 * @param {string} version of Nest, such as `11`
 * @param {string} root of the repository
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>} how many files were compiled
 */
export async function snippetsFor(host, version, root, env) {
  const ofNest = [...NEST.map((name) => `@nestjs/${name}@${version}`), `@nestjs/config@${version === '11' ? 4 : 12}`];
  await runShell(host, `npm install --no-audit --no-fund ${[...PACKAGES, ...ofNest].join(' ')}`, env);
  const target = join(host, 'src/documents');
  cpSync(join(root, 'test/docs/examples'), target, { recursive: true });
  const files = readdirSync(target, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const isModule = JSON.parse(readFileSync(join(host, 'package.json'), 'utf8')).type === 'module';
  const left = files.filter((file) => {
    const text = readFileSync(join(target, file), 'utf8');
    const imported = [...text.matchAll(/from '([^'.][^']*)'/g)].map(([, name = '']) => name);
    const isMissing = imported.some(
      (name) => !isBuiltin(name) && !existsSync(join(host, 'node_modules', packageOf(name))),
    );
    return isMissing || text.includes('../../support/') || (!isModule && /^(const .*= )?await /m.test(text));
  });
  for (const file of left) rmSync(join(target, file));
  const alone = withoutTheirImports(
    target,
    files.filter((file) => !left.includes(file)),
  );
  const config = join(host, 'tsconfig.documents.json');
  const compilerOptions = { noEmit: true, incremental: false, rootDir: '.' };
  writeFileSync(config, JSON.stringify({ extends: './tsconfig.json', compilerOptions, include: ['src/documents'] }));
  await runShell(host, 'npx tsc -p tsconfig.documents.json', env);
  rmSync(target, { recursive: true });
  rmSync(config);
  return alone.length;
}

/**
 * Removes the files that import a removed one, and returns those that stay.
 *
 * @param {string} folder
 * @param {string[]} files
 * @returns {string[]}
 */
function withoutTheirImports(folder, files) {
  const isWhole = (/** @type {string} */ file) =>
    [...readFileSync(join(folder, file), 'utf8').matchAll(/(?:from |import\()'(\.[^']*)\.js'/g)].every(
      ([, path = '']) => existsSync(join(folder, dirname(file), `${path}.ts`)),
    );
  const broken = files.filter((file) => !isWhole(file));
  for (const file of broken) rmSync(join(folder, file));
  const rest = files.filter((file) => !broken.includes(file));
  return broken.length === 0 ? rest : withoutTheirImports(folder, rest);
}

/** @param {string} name e.g. `nestjs-lalamove/deliveries` */
function packageOf(name) {
  return name.split('/', name.startsWith('@') ? 2 : 1).join('/');
}
