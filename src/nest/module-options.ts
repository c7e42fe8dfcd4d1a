import { isClock } from '../internal/clock.js';
import { sentencesOf, validateOptions, type OptionCheck, type OptionChecks } from '../internal/validate-options.js';
import { hasMethods } from '../internal/value-checks.js';

/** The check of a module's `logger`. */
export const LOGGER_CHECK: OptionCheck = {
  holds: hasMethods('error', 'warn', 'log'),
  remedy: "must be a logger as Nest's LoggerService describes it",
};

/** The check of a module's `clock`. */
export const CLOCK_CHECK: OptionCheck = {
  holds: isClock,
  remedy: 'must have now() and setTimeout(), and monotonic() may be left out',
};

/** Finds all problems of a module's options, one sentence each with its remedy; empty if there is none. */
export function moduleOptionProblems(options: unknown, checks: OptionChecks): string[] {
  const notAnObject = 'are missing: pass an object, or return one from the factory';
  return sentencesOf(validateOptions(options, checks, { notAnObject }), 'The options');
}

/**
 * The message of the exception at boot, which lists every problem.
 *
 * @param module `DeliveriesModule`
 * @param problems one sentence each
 */
export function optionsMessage(module: string, problems: readonly string[]): string {
  return `The options of ${module} are wrong:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`;
}
