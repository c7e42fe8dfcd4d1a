// Jest with one sabotaged source: test/sabotage.mjs runs named tests with it.
import config from '../../../jest.config.js';
import { ROOT } from './sabotage.mjs';

/** @type {import('jest').Config} */
export default {
  ...config,
  rootDir: ROOT,
  transform: { '^.+\\.ts$': `${ROOT}test/chaos/sabotages/sabotaged-transform.mjs` },
};
