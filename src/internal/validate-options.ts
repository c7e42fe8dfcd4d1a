import { isRecord } from './is-record.js';

/** What one option must be. */
export interface OptionCheck {
  /** Whether a value is valid. It is not called for `undefined`, which counts as missing. */
  readonly holds: (value: unknown) => boolean;
  /** What the value must be, as the end of a sentence: `must be true or false`. A function receives the wrong value. */
  readonly remedy: string | ((value: unknown) => string);
  /** Whether a missing value is a problem. */
  readonly required?: boolean;
  /** Checks of its members, if it is an object. */
  readonly members?: OptionChecks;
  /** Whether the object may have members that are not in `members`. */
  readonly allowsOthers?: boolean;
  /** Finds more problems of a value that `holds`. Paths start at this option; `''` is the option itself. */
  readonly more?: (value: unknown) => readonly OptionProblem[];
}

/** The check of each option, by its name. Problems are listed in this order. */
export type OptionChecks<Name extends string = string> = Readonly<Record<Name, OptionCheck>>;

/** A problem of one option. It contains no option value, unless the remedy quotes the value. */
export interface OptionProblem {
  /** Its path, such as `retry.maxAttempts`; `''` for the options as a whole. */
  readonly option: string;
  /** The end of a sentence that begins with the option, without a full stop. */
  readonly message: string;
}

/** Messages for problems that do not concern one known option. */
export interface OptionWording {
  /** Reports that the options are not an object. */
  readonly notAnObject?: string;
  /**
   * Describes options that do not exist.
   *
   * @param names the unknown names, at least one, without their prefix
   * @param known the names that exist in the same object
   * @param prefix the path of the object that contains them, with a dot at its end; `''` for the options themselves
   */
  readonly unknown?: (names: readonly string[], known: readonly string[], prefix: string) => readonly OptionProblem[];
}

/** The default wording. */
const WORDING: Required<OptionWording> = {
  notAnObject: 'must be an object',
  unknown: (names, known, prefix) => {
    const options = known.map((name) => prefix + name).join(', ');
    return names.map((name) => ({
      option: prefix + name,
      message: `is not an option: the options are ${options}`,
    }));
  },
};

/**
 * Finds all problems of options: invalid values, missing required options, and unknown names.
 *
 * @returns one item for each problem, in the order of the checks; empty if there is no problem
 */
export function validateOptions(options: unknown, checks: OptionChecks, wording: OptionWording = {}): OptionProblem[] {
  const { notAnObject = WORDING.notAnObject, unknown = WORDING.unknown } = wording;
  if (!isRecord(options)) return [{ option: '', message: notAnObject }];
  const problems: OptionProblem[] = [];
  addProblems(options, { checks, allowsOthers: false, prefix: '', unknown }, problems);
  return problems;
}

/**
 * Formats problems as sentences.
 *
 * @param whole the name of the options as a whole: `The options`
 */
export function sentencesOf(problems: readonly OptionProblem[], whole: string): string[] {
  return problems.map(({ option, message }) => `${option === '' ? whole : option} ${message}.`);
}

/** The options of one object, and their checks. */
interface Level {
  readonly checks: OptionChecks;
  readonly allowsOthers: boolean;
  readonly prefix: string;
  readonly unknown: Required<OptionWording>['unknown'];
}

/** Appends to one list instead of joining many lists, because the options of every call to Lalamove are validated. */
function addProblems(options: Record<string, unknown>, level: Level, problems: OptionProblem[]): void {
  const { checks, allowsOthers, prefix, unknown } = level;
  for (const name of Object.keys(checks)) {
    const check = checks[name];
    const value = options[name];
    if (check && (value !== undefined || check.required))
      problems.push(...problemsOf(value, check, prefix + name, unknown));
  }
  if (allowsOthers) return;
  const others = Object.keys(options).filter((name) => options[name] !== undefined && !Object.hasOwn(checks, name));
  if (others.length > 0) problems.push(...unknown(others, Object.keys(checks), prefix));
}

/** Finds the problems of a value that is present, or of an option that is required. */
function problemsOf(value: unknown, check: OptionCheck, option: string, unknown: Level['unknown']): OptionProblem[] {
  const { holds, remedy, members, allowsOthers = false, more } = check;
  if (value === undefined || !holds(value)) {
    const words = typeof remedy === 'string' ? remedy : remedy(value);
    return [{ option, message: value === undefined ? `is missing: it ${words}` : words }];
  }
  const problems: OptionProblem[] = [];
  if (members && isRecord(value)) {
    addProblems(value, { checks: members, allowsOthers, prefix: `${option}.`, unknown }, problems);
  }
  for (const { option: path, message } of more?.(value) ?? []) {
    problems.push({ option: path === '' ? option : `${option}.${path}`, message });
  }
  return problems;
}
