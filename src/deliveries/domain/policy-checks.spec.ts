import { describe, expect, it } from '@jest/globals';
import { DEFAULT_POLICY, type DeliveryPolicy } from './delivery-policy.js';
import { policyProblems, withPolicy } from './policy-checks.js';

const YEAR = 525_600;
const fees = (...steps: [afterMinutes: number, priorityFee: unknown][]): object[] =>
  steps.map(([afterMinutes, priorityFee]) => ({ afterMinutes, priorityFee }));

describe('policyProblems', () => {
  it.each<unknown>([undefined, {}, DEFAULT_POLICY, { rebook: undefined }])('accepts %j', (policy) => {
    expect(policyProblems(policy)).toEqual([]);
  });

  it.each<[part: keyof DeliveryPolicy, allowed: unknown[]]>([
    [
      'unknownOutcome',
      [{}, { waitMinutes: 0 }, { waitMinutes: YEAR }, { waitMinutes: 0.5, then: 'hold' }, { then: 'rebook' }],
    ],
    ['requote', [true, false]],
    [
      'raiseFee',
      [
        false,
        [],
        fees([0, '10']),
        fees([5, '10'], [5.5, '10.01'], [YEAR, '999999999999999.999999']),
        fees([1, '9'], [2, '10']),
      ],
    ],
    ['rebook', [false, {}, { maxAttempts: 1 }, { maxAttempts: 1000 }]],
    [
      'changeDriver',
      [
        false,
        {},
        { afterMinutes: 15 },
        { afterMinutes: YEAR, maxChanges: 1000 },
        { afterMinutes: 15.5, maxChanges: 1 },
      ],
    ],
    ['replacement', [{}, { waitMinutes: 0 }, { waitMinutes: YEAR }]],
    ['poll', [false, {}, { everySeconds: 1, maxSeconds: 1 }, { everySeconds: 1800 }, { maxSeconds: 31_536_000 }]],
    ['failures', [{}, { maxFailures: 1 }, { maxFailures: 1000 }]],
  ])('accepts every allowed value of %s', (part, allowed) => {
    for (const value of allowed) expect([value, policyProblems({ [part]: value })]).toEqual([value, []]);
  });

  it.each<[part: keyof DeliveryPolicy, remedy: string, refused: unknown[]]>([
    [
      'unknownOutcome',
      "must be { waitMinutes, then: 'hold' | 'rebook' } of at most 525600 minutes (a year)",
      [false, { waitMinutes: -1 }, { waitMinutes: YEAR + 1 }, { waitMinutes: '10' }, { then: 'hope' }, { then: null }],
    ],
    ['requote', 'must be true or false', [0, 'no', {}]],
    [
      'raiseFee',
      'must be false, or a list of { afterMinutes, priorityFee } in which both grow: ' +
        'at most 100, of at most 525600 minutes (a year)',
      [
        ...[true, {}, '10', [undefined], ['10'], [fees([1, '10'])]],
        ...[fees([-1, '10']), fees([1, 10]), fees([1, '-10']), fees([1, '1.1234567']), [{ afterMinutes: 1 }]],
        ...[fees([2, '10'], [1, '20']), fees([1, '10'], [2, '10.00']), fees([1, '10'], [2, '9'])],
        fees([1, '10'], [2, '20'], [3, '15']),
        fees([1, '10'], [1, '20']),
      ],
    ],
    [
      'rebook',
      'must be false or { maxAttempts } of at least 1 and at most 1000',
      [
        true,
        3,
        [3],
        { maxAttempts: 0 },
        { maxAttempts: 1001 },
        { maxAttempts: 1.5 },
        { maxAttempts: '3' },
        { maxAttempt: 1 },
      ],
    ],
    [
      'changeDriver',
      'must be false or { afterMinutes, maxChanges } of at least 15 minutes and one change, ' +
        'at most 525600 minutes (a year) and 1000 changes',
      [true, { afterMinutes: 14.9 }, { afterMinutes: YEAR + 1 }, { maxChanges: 0 }, { maxChanges: Infinity }],
    ],
    [
      'replacement',
      'must be { waitMinutes } of at most 525600 minutes (a year)',
      [false, [], { waitMinutes: -1 }, { waitMinutes: Number.NaN }],
    ],
    [
      'poll',
      'must be false or { everySeconds, maxSeconds } of at least 1 and at most 31536000 seconds (a year), ' +
        'the latter not less than the former',
      [
        ...[true, { everySeconds: 0.9 }, { everySeconds: 1801 }, { maxSeconds: 119 }, { maxSeconds: 31_536_001 }],
        { everySeconds: 2, maxSeconds: 1 },
      ],
    ],
    [
      'failures',
      'must be { maxFailures } of at least 1 and at most 1000',
      [false, { maxFailures: 0 }, { maxFailures: null }],
    ],
  ])('refuses every other value of %s, and says what is allowed', (part, message, refused) => {
    for (const value of [null, ...refused]) {
      expect([value, policyProblems({ [part]: value })]).toEqual([value, [{ part, message }]]);
    }
  });

  it('lists every wrong part and every unknown part', () => {
    const policy: unknown = JSON.parse('{ "rebook": 3, "poll": false, "hope": 1, "__proto__": {}, "toString": false }');
    const problems = policyProblems(policy);
    expect(problems.map(({ part }) => part)).toEqual(['rebook', 'hope', '__proto__', 'toString']);
    const names = Object.keys(DEFAULT_POLICY).join(', ');
    expect(problems[1]?.message).toBe(`is not a part of a policy; the parts are ${names}`);
  });

  it.each<unknown>([null, [], 'hold', 3])('refuses %j as a policy', (policy) => {
    expect(policyProblems(policy)).toEqual([{ part: '', message: 'must be an object' }]);
  });

  it('completes a partly given part from the base, and checks the result', () => {
    const base = { ...DEFAULT_POLICY, poll: { everySeconds: 30, maxSeconds: 600 }, rebook: false } as const;
    expect(policyProblems({ poll: { maxSeconds: 60 }, rebook: {} }, base)).toEqual([]);
    expect(policyProblems({ poll: { maxSeconds: 29 } }, base).map(({ part }) => part)).toEqual(['poll']);
    expect(policyProblems({ poll: { everySeconds: 601 } }, base).map(({ part }) => part)).toEqual(['poll']);
  });
});

/** The type does not allow partly given parts, but bookings can contain them. */
function isPolicy(value: unknown): value is Partial<DeliveryPolicy> {
  return policyProblems(value).length === 0;
}

describe('withPolicy', () => {
  const OFF: DeliveryPolicy = {
    ...DEFAULT_POLICY,
    ...{ requote: false, raiseFee: false, rebook: false, changeDriver: false, poll: false },
  };
  const OWN: DeliveryPolicy = {
    unknownOutcome: { waitMinutes: 1, then: 'rebook' },
    requote: false,
    raiseFee: [{ afterMinutes: 1, priorityFee: '1' }],
    rebook: { maxAttempts: 9 },
    changeDriver: { afterMinutes: 99, maxChanges: 9 },
    replacement: { waitMinutes: 9 },
    poll: { everySeconds: 9, maxSeconds: 99 },
    failures: { maxFailures: 9 },
  };

  it('keeps the parts that are not given', () => {
    for (const base of [DEFAULT_POLICY, OWN, OFF]) {
      expect(withPolicy(base)).toEqual(base);
      expect(withPolicy(base, {})).toEqual(base);
    }
  });

  it('takes every given part, and switches off the parts that are false', () => {
    expect(withPolicy(DEFAULT_POLICY, OWN)).toEqual(OWN);
    expect(withPolicy(OWN, OFF)).toEqual(OFF);
  });

  it('completes a part from the base, or from the default if the base has switched it off', () => {
    const part: unknown = {
      unknownOutcome: { waitMinutes: 5 },
      changeDriver: { maxChanges: 2 },
      poll: { maxSeconds: 150 },
    };
    if (!isPolicy(part)) throw new TypeError('It is not a policy.');
    expect(withPolicy(OWN, part)).toEqual({
      ...OWN,
      unknownOutcome: { waitMinutes: 5, then: 'rebook' },
      changeDriver: { afterMinutes: 99, maxChanges: 2 },
      poll: { everySeconds: 9, maxSeconds: 150 },
    });
    expect(withPolicy(OFF, part)).toMatchObject({
      ...{
        changeDriver: { afterMinutes: 45, maxChanges: 2 },
        poll: { everySeconds: 120, maxSeconds: 150 },
        rebook: false,
      },
    });
  });

  it('does not change its inputs', () => {
    const [base, given] = [structuredClone(OWN), structuredClone(OFF)];
    withPolicy(base, given);
    expect([base, given]).toEqual([OWN, OFF]);
  });
});
