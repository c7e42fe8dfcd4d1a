// A sabotage is a small change that breaks a promise. The sources must not contain it, and the harness must catch it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} Edit
 * @property {string} file from the root of the repository
 * @property {string} find text that the file contains exactly once
 * @property {string} replace
 *
 * @typedef {object} NamedTest
 * @property {string} suite the file of the test
 * @property {string} test a part of its full title
 *
 * @typedef {object} Sabotage
 * @property {string} name what the broken code does
 * @property {readonly Edit[]} edits
 * @property {'chaos' | NamedTest} caughtBy
 * @property {Storage} [storage] the only storage for which it makes sense
 *
 * @typedef {'sqlite' | 'postgres'} Storage
 */

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * @param {string} name
 * @param {string} file below `src/deliveries/`
 * @param {string} find
 * @param {string} replace
 * @param {Sabotage['caughtBy']} caughtBy
 * @returns {Sabotage} a sabotage of one place
 */
export function sabotage(name, file, find, replace, caughtBy) {
  return { name, edits: [{ file: `src/deliveries/${file}`, find, replace }], caughtBy };
}

/**
 * @param {string} suite a file of tests: below `test/deliveries/` if it is an `.e2e-spec`, else below `src/deliveries/`
 * @param {string} test a part of its full title
 * @returns {NamedTest}
 */
export function byTest(suite, test) {
  return { suite: `${suite.includes('.e2e-spec') ? 'test' : 'src'}/deliveries/${suite}.ts`, test };
}

/**
 * @param {Sabotage} sabotage
 * @param {string} file from the root of the repository
 * @param {string} text of the file
 * @returns {string} the sabotaged text, or the same text if the sabotage is elsewhere
 * @throws {Error} if the text to replace is not there exactly once
 */
export function sabotaged({ name, edits }, file, text) {
  return edits
    .filter((edit) => edit.file === file)
    .reduce((before, { find, replace }) => {
      const count = before.split(find).length - 1;
      if (count === 1) return before.replace(find, () => replace);
      throw new Error(
        `The sabotage "${name}" does not apply to ${file} any more: its text is there ${count} times. ` +
          'Adapt it in test/chaos/sabotages/ so that it breaks the same promise.',
      );
    }, text);
}

/**
 * @param {Sabotage} sabotage
 * @returns {Map<string, string>} the sabotaged text of each file that it changes
 */
export function sabotagedFiles(sabotage) {
  const files = new Set(sabotage.edits.map(({ file }) => file));
  return new Map([...files].map((file) => [file, sabotaged(sabotage, file, readFileSync(join(ROOT, file), 'utf8'))]));
}
