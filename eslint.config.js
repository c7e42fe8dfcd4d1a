import js from '@eslint/js';
import stylistic from '@stylistic/eslint-plugin';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Lines of at most 120 characters, comments included. */
const MAX_LEN = { code: 120, ignoreUrls: true, ignoreRegExpLiterals: true };

export default defineConfig(
  { ignores: ['dist/', 'node_modules/', 'coverage/', '.package-check/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      // A Nest module is a class that exists for its decorator.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true, allowEmpty: true }],
      // Nest and class-validator describe shapes by classes: an object literal of the shape is as good as an instance.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    },
  },
  {
    plugins: { '@stylistic': stylistic },
    rules: { '@stylistic/max-len': ['error', MAX_LEN] },
  },
  {
    // Tables of test data stay on their lines.
    files: ['test/**', '**/*.spec.ts'],
    rules: { '@stylistic/max-len': ['error', { ...MAX_LEN, ignoreStrings: true, ignoreTemplateLiterals: true }] },
  },
  {
    files: ['test/**', 'examples/**', '**/*.spec.ts'],
    // Inputs are object literals in the shape of a DTO; there is no prototype to lose.
    rules: { '@typescript-eslint/no-misused-spread': 'off' },
  },
  {
    files: ['**/*.mjs', '*.js'],
    languageOptions: { globals: { console: 'readonly', process: 'readonly', URL: 'readonly', fetch: 'readonly' } },
  },
);
