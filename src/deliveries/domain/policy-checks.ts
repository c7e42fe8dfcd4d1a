import { isRecord } from '../../internal/is-record.js';
import { validateOptions, type OptionChecks } from '../../internal/validate-options.js';
import { isBoolean, isNumberFrom, isWholeFrom } from '../../internal/value-checks.js';
import { exceeds, isAmount } from './money.js';
import { DEFAULT_POLICY, USUAL, type DeliveryPolicy, type GivenPolicy } from './delivery-policy.js';

const isMinutes = isNumberFrom(0, 525_600);
const isCount = isWholeFrom(1, 1000);
const isSeconds = isNumberFrom(1, 31_536_000);
/** The upper limits of these, in words. */
const MINUTES = '525600 minutes (a year)';
const SECONDS = '31536000 seconds (a year)';
const COUNT = '1000';
/** How many steps a fee schedule may have. */
const MAX_STEPS = 100;

/** What each part must be, once it is filled in. */
const PARTS: OptionChecks<keyof DeliveryPolicy> = {
  unknownOutcome: {
    holds: (value) =>
      isRecord(value) && isMinutes(value.waitMinutes) && (value.then === 'hold' || value.then === 'rebook'),
    remedy: `must be { waitMinutes, then: 'hold' | 'rebook' } of at most ${MINUTES}`,
  },
  requote: { holds: isBoolean, remedy: 'must be true or false' },
  raiseFee: {
    holds: (value) => value === false || (Array.isArray(value) && value.length <= MAX_STEPS && isSchedule(value)),
    remedy:
      'must be false, or a list of { afterMinutes, priorityFee } in which both grow: ' +
      `at most ${MAX_STEPS}, of at most ${MINUTES}`,
  },
  rebook: {
    holds: (value) => value === false || (isRecord(value) && isCount(value.maxAttempts)),
    remedy: `must be false or { maxAttempts } of at least 1 and at most ${COUNT}`,
  },
  changeDriver: {
    holds: (value) =>
      value === false ||
      (isRecord(value) &&
        isMinutes(value.afterMinutes) &&
        Number(value.afterMinutes) >= 15 &&
        isCount(value.maxChanges)),
    remedy:
      'must be false or { afterMinutes, maxChanges } of at least 15 minutes and one change, ' +
      `at most ${MINUTES} and ${COUNT} changes`,
  },
  replacement: {
    holds: (value) => isRecord(value) && isMinutes(value.waitMinutes),
    remedy: `must be { waitMinutes } of at most ${MINUTES}`,
  },
  poll: {
    holds: (value) =>
      value === false ||
      (isRecord(value) &&
        isSeconds(value.everySeconds) &&
        isSeconds(value.maxSeconds) &&
        Number(value.maxSeconds) >= Number(value.everySeconds)),
    remedy:
      `must be false or { everySeconds, maxSeconds } of at least 1 and at most ${SECONDS}, ` +
      'the latter not less than the former',
  },
  failures: {
    holds: (value) => isRecord(value) && isCount(value.maxFailures),
    remedy: `must be { maxFailures } of at least 1 and at most ${COUNT}`,
  },
};

/**
 * Checks a policy with any number of parts.
 *
 * @param base the values of members that are left out
 * @returns an entry for each wrong part, with its name; an empty name stands for the whole policy
 */
export function policyProblems(
  policy: unknown,
  base: DeliveryPolicy = DEFAULT_POLICY,
): { part: string; message: string }[] {
  if (policy === undefined) return [];
  const problems = validateOptions(policy, checksOnTopOf(base), {
    unknown: (names, known) => {
      const message = `is not a part of a policy; the parts are ${known.join(', ')}`;
      return names.map((option) => ({ option, message }));
    },
  });
  return problems.map(({ option, message }) => ({ part: option, message }));
}

/** The checks of parts that may be given in part: each is filled in before it is checked. */
function checksOnTopOf(base: DeliveryPolicy): OptionChecks {
  return Object.fromEntries(
    Object.entries(PARTS).map(([part, { holds, remedy }]) => {
      const members = isPart(part) ? membersOf(part, base) : {};
      const isWhole = (value: object): boolean => Object.keys(value).every((name) => Object.hasOwn(members, name));
      const check = (value: unknown): boolean =>
        isRecord(value) ? isWhole(value) && holds({ ...members, ...value }) : holds(value);
      return [part, { holds: check, remedy }];
    }),
  );
}

/**
 * Fills in a policy: parts and members that are left out come from `base`, or from the defaults if `base` has switched
 * the part off.
 */
export function withPolicy(base: DeliveryPolicy, given: GivenPolicy = {}): DeliveryPolicy {
  const { rebook, changeDriver, poll } = given;
  return {
    unknownOutcome: { ...base.unknownOutcome, ...given.unknownOutcome },
    requote: given.requote ?? base.requote,
    raiseFee: given.raiseFee ?? base.raiseFee,
    rebook: filled(base.rebook, rebook, USUAL.rebook),
    changeDriver: filled(base.changeDriver, changeDriver, USUAL.changeDriver),
    replacement: { ...base.replacement, ...given.replacement },
    poll: filled(base.poll, poll, USUAL.poll),
    failures: { ...base.failures, ...given.failures },
  };
}

function filled<Part extends object>(
  base: Part | false,
  given: Partial<Part> | false | undefined,
  usual: Part,
): Part | false {
  if (given === undefined) return base;
  return given && { ...(base || usual), ...given };
}

/** The members that fill in a part: those of the base, or the defaults if the base has switched it off. */
function membersOf(part: keyof DeliveryPolicy, base: DeliveryPolicy): object {
  return [base[part], DEFAULT_POLICY[part]].find((value) => typeof value === 'object') ?? {};
}

function isPart(name: string): name is keyof DeliveryPolicy {
  return Object.hasOwn(PARTS, name);
}

function isSchedule(steps: readonly unknown[]): boolean {
  return steps.every((step, index) => {
    if (!isRecord(step) || !isMinutes(step.afterMinutes) || !isAmount(step.priorityFee)) return false;
    const before = steps[index - 1];
    if (!isRecord(before) || !isAmount(before.priorityFee)) return index === 0;
    return (
      Number(step.afterMinutes) > Number(before.afterMinutes) && exceeds(step.priorityFee, before.priorityFee) === true
    );
  });
}
