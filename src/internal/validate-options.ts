import { isRecord } from './is-record.js';

/** What one option must be. */
export interface OptionCheck {
  /** Whether a value is right. It is not called for `undefined`, which counts as left out. */
  readonly holds: (value: unknown) => boolean;
  /** What the value must be, as the end of a sentence: `must be true or false`. A function gets the wrong value. */
  readonly remedy: string | ((value: unknown) => string);
  /** Whether leaving it out is a problem. */
  readonly required?: boolean;
  /** Checks of its members, if it is an object. */
  readonly members?: OptionChecks;
  /** Whether it may have members that `members` does not name. */
  readonly allowsOthers?: boolean;
  /** Finds more problems of a value that `holds`, named from this option on; `''` names the option itself. */
  readonly more?: (value: unknown) => readonly OptionProblem[];
}

/** The check of each option, by its name. Problems are listed in this order. */
export type OptionChecks<Name extends string = string> = Readonly<Record<Name, OptionCheck>>;

/** What is wrong with one option. No value of an option is in it unless its remedy quotes it. */
export interface OptionProblem {
  /** Its path, such as `retry.maxAttempts`; `''` for the options as a whole. */
  readonly option: string;
  /** The end of a sentence that begins with the option, without a full stop. */
  readonly message: string;
}

/** Words for what is not about one known option. */
export interface OptionWording {
  /** Says that the options are no object. */
  readonly notAnObject?: string;
  /**
   * Describes options that do not exist.
   *
   * @param names the unknown ones, at least one, without their prefix
   * @param known those that exist beside them
   * @param prefix the path of the object that they stand in, with a dot at its end; `''` for the options themselves
   */
  readonly unknown?: (names: readonly string[], known: readonly string[], prefix: string) => readonly OptionProblem[];
}

/** The wording that callers get unless they give their own. */
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
 * Finds everything that is wrong with options: values that do not hold, required ones that are missing, names that do
 * not exist.
 *
 * @returns one problem for each, in the order of the checks; empty if all is well
 */
export function validateOptions(options: unknown, checks: OptionChecks, wording: OptionWording = {}): OptionProblem[] {
  const { notAnObject = WORDING.notAnObject, unknown = WORDING.unknown } = wording;
  if (!isRecord(options)) return [{ option: '', message: notAnObject }];
  const problems: OptionProblem[] = [];
  addProblems(options, { checks, allowsOthers: false, prefix: '', unknown }, problems);
  return problems;
}

/**
 * Problems as sentences.
 *
 * @param whole what the options as a whole are called: `The options`
 */
export function sentencesOf(problems: readonly OptionProblem[], whole: string): string[] {
  return problems.map(({ option, message }) => `${option === '' ? whole : option} ${message}.`);
}

/** Options that stand side by side, and their checks. */
interface Level {
  readonly checks: OptionChecks;
  readonly allowsOthers: boolean;
  readonly prefix: string;
  readonly unknown: Required<OptionWording>['unknown'];
}

/** Adds to one list instead of joining many: the options of every call to Lalamove are validated. */
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

/** The problems of a value that was given, or of an option that is required. */
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
