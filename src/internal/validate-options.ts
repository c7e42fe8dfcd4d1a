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
  const words = { ...WORDING, ...wording };
  if (!isRecord(options)) return [{ option: '', message: words.notAnObject }];
  return problemsOfMembers(options, { checks, allowsOthers: false, prefix: '', words });
}

/**
 * Problems as sentences.
 *
 * @param whole what the options as a whole are called: `The options`
 */
export function sentencesOf(problems: readonly OptionProblem[], whole: string): string[] {
  return problems.map(({ option, message }) => `${option === '' ? whole : option} ${message}.`);
}

interface Level {
  readonly checks: OptionChecks;
  readonly allowsOthers: boolean;
  readonly prefix: string;
  readonly words: Required<OptionWording>;
}

function problemsOfMembers(options: Record<string, unknown>, level: Level): OptionProblem[] {
  const { checks, allowsOthers, prefix, words } = level;
  const problems = Object.entries(checks).flatMap(([name, check]) =>
    problemsOfOption(options[name], check, prefix + name, words),
  );
  if (allowsOthers) return problems;
  const others = Object.keys(options).filter((name) => options[name] !== undefined && !Object.hasOwn(checks, name));
  return others.length === 0 ? problems : [...problems, ...words.unknown(others, Object.keys(checks), prefix)];
}

function problemsOfOption(
  value: unknown,
  check: OptionCheck,
  option: string,
  words: Required<OptionWording>,
): OptionProblem[] {
  const { holds, remedy, required, members, allowsOthers = false, more } = check;
  const remedyOf = (): string => (typeof remedy === 'string' ? remedy : remedy(value));
  if (value === undefined) return required ? [{ option, message: `is missing: it ${remedyOf()}` }] : [];
  if (!holds(value)) return [{ option, message: remedyOf() }];
  const ofMembers =
    members && isRecord(value)
      ? problemsOfMembers(value, { checks: members, allowsOthers, prefix: `${option}.`, words })
      : [];
  const further = more ? more(value) : [];
  return [
    ...ofMembers,
    ...further.map((problem) => ({
      option: problem.option === '' ? option : `${option}.${problem.option}`,
      message: problem.message,
    })),
  ];
}
