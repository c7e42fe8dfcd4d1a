import { SWC } from './test/swc.mjs';

/** Jest in ESM mode: run it through `npm test`, which switches vm modules on. */
export default {
  testEnvironment: 'node',
  // What a test waits for ends it; this is for a busy machine.
  testTimeout: process.env.LALAMOVE_TEST_STORAGE === undefined ? 30_000 : 120_000,
  reporters: ['default', '<rootDir>/test/left-out-reporter.mjs'],
  // Both of two cores; Jest would leave one idle.
  maxWorkers: '100%',
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testRegex: ['\\.spec\\.ts$', '\\.e2e-spec\\.ts$'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^nestjs-lalamove$': '<rootDir>/src/index.ts',
    '^nestjs-lalamove/deliveries$': '<rootDir>/src/deliveries/index.ts',
    '^nestjs-lalamove/deliveries/postgres$': '<rootDir>/src/deliveries/storage/postgres/index.ts',
    '^nestjs-lalamove/deliveries/bullmq$': '<rootDir>/src/deliveries/queue/bullmq/index.ts',
    '^nestjs-lalamove/redis$': '<rootDir>/src/redis/index.ts',
    '^nestjs-lalamove/sandbox$': '<rootDir>/src/sandbox/index.ts',
    '^@fastify/static$': '<rootDir>/test/support/no-static-files.cjs',
    // Not libphonenumber-js's `metadata.max.json.js`, beside which stands a JSON file.
    '^(\\.{1,2}/.*(?<!\\.json))\\.js$': '$1',
  },
  transform: {
    '^.+\\.ts$': ['@swc/jest', SWC],
  },
};
