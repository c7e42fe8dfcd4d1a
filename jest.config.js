import { readFileSync } from 'node:fs';
import { SWC } from './test/swc.mjs';

/** Tests import the package by its public names, which here mean the sources: `nestjs-lalamove/redis` etc. */
const { name, exports: entryPoints } = JSON.parse(readFileSync('package.json', 'utf8'));
const sources = Object.entries(entryPoints).flatMap(([path, { import: built }]) =>
  built === undefined
    ? []
    : [[`^${name}${path.slice(1)}$`, built.default.replace('./dist/esm/', '<rootDir>/src/').replace(/\.js$/, '.ts')]],
);

/** Jest in ESM mode: run it through `npm test`, which switches vm modules on. */
export default {
  testEnvironment: 'node',
  // Suites serve the pages as they are built from the sources.
  globalSetup: '<rootDir>/scripts/bundle-pages.mjs',
  // What a test waits for ends it; this is for a busy machine.
  testTimeout: 120_000,
  reporters: ['default', '<rootDir>/test/left-out-reporter.mjs'],
  // Both of two cores; Jest would leave one idle.
  maxWorkers: '100%',
  // Modules in ESM mode are never freed. A worker whose heap is nearly full spends its time on garbage collection.
  workerIdleMemoryLimit: '1GB',
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testRegex: ['\\.spec\\.ts$', '\\.e2e-spec\\.ts$'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    ...Object.fromEntries(sources),
    '^@fastify/static$': '<rootDir>/test/support/no-static-files.cjs',
    // Not libphonenumber-js's `metadata.max.json.js`, beside which stands a JSON file.
    '^(\\.{1,2}/.*(?<!\\.json))\\.js$': '$1',
  },
  transform: {
    '^.+\\.ts$': ['@swc/jest', SWC],
  },
};
