// The hosts into which check.mjs installs the packed package.

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

/**
 * @typedef {object} Host
 * @property {string} name
 * @property {'module' | 'commonjs'} type
 * @property {string} module the compiler option
 * @property {Record<string, string>} dependencies
 * @property {readonly string[]} run the command that runs the compiled host
 * @property {readonly string[]} [resolutions] more compiler flags with which it must compile
 * @property {'npm' | 'pnpm'} [manager]
 * @property {string} [node] the version of Node; by default the one that runs this script
 */

const JEST = ['npx', 'jest', '--rootDir', 'built', '--testTimeout', '120000'];
const MAIN = ['node', 'built/main.js'];
const BUNDLER = '--module esnext --moduleResolution bundler';
const NODE10 = '--module commonjs --moduleResolution node10';

/** @type {Host} */
const MODULES = {
  name: 'ES modules, Nest 12, TypeScript 6',
  type: 'module',
  module: 'NodeNext',
  dependencies: { ...SHARED, ...nest('^12.0.0', '^12.0.0'), typescript: '~6.0.0' },
  run: MAIN,
  resolutions: [BUNDLER],
};

/** @type {Host} */
const COMMONJS = {
  name: 'CommonJS, Nest 11, TypeScript 5.9',
  type: 'commonjs',
  module: 'Node16',
  dependencies: { ...SHARED, ...nest('^11.0.0', '^4.0.0'), typescript: '~5.9.0' },
  run: MAIN,
  resolutions: [NODE10, BUNDLER],
};

/** @type {Host} */
const UNDER_JEST = {
  ...COMMONJS,
  name: 'CommonJS under Jest, Nest 11',
  dependencies: { ...COMMONJS.dependencies, jest: '^30.0.0' },
  run: JEST,
  resolutions: [],
};

/** @type {readonly Host[]} What .ci/run checks. */
export const HOSTS = [
  MODULES,
  COMMONJS,
  UNDER_JEST,
  {
    ...COMMONJS,
    name: 'CommonJS, Nest 11.0.3, the first whose packages fit each other',
    dependencies: { ...SHARED, ...nest('11.0.3', '4.0.0'), typescript: '~5.9.0' },
    resolutions: [],
  },
];

/** @type {readonly Host[]} What `check.mjs --all` checks besides. */
export const MORE_HOSTS = [
  ...['20.19.0', '22', '24'].flatMap((node) => [
    { ...MODULES, name: `ES modules, Nest 12, Node ${node}`, node, resolutions: [] },
    { ...UNDER_JEST, name: `CommonJS under Jest, Nest 11, Node ${node}`, node },
  ]),
  { ...MODULES, name: 'ES modules, Nest 12, pnpm', manager: 'pnpm', resolutions: [] },
  { ...COMMONJS, name: 'CommonJS, Nest 11, pnpm', manager: 'pnpm', resolutions: [] },
  ...['5.5', '5.7', '6.0'].map((typescript) => ({
    ...COMMONJS,
    name: `CommonJS, Nest 11, TypeScript ${typescript}`,
    dependencies: { ...COMMONJS.dependencies, typescript: `~${typescript}.0` },
    // TypeScript 6 takes node10 only with the flag that silences its deprecation.
    resolutions: [typescript === '6.0' ? `${NODE10} --ignoreDeprecations 6.0` : NODE10, BUNDLER],
  })),
  {
    ...MODULES,
    name: 'ES modules under Vitest, Nest 12, Node 24',
    dependencies: { ...MODULES.dependencies, '@types/node': '^24.0.0', vitest: '^5.0.0' },
    node: '24',
    run: ['npx', 'vitest', 'run', '--globals', '--dir', 'built', '--testTimeout', '120000'],
    resolutions: [],
  },
];
