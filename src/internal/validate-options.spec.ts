import { describe, expect, it } from '@jest/globals';
import { sentencesOf, validateOptions, type OptionCheck, type OptionChecks } from './validate-options.js';
import { isBoolean, isOneOf, isWholeFrom } from './value-checks.js';

const FLAG: OptionCheck = { holds: isBoolean, remedy: 'must be true or false' };
const CHECKS: OptionChecks = {
  key: { holds: (value) => typeof value === 'string', remedy: 'must be a string', required: true },
  count: { holds: isWholeFrom(1, 9), remedy: (value) => `must be from 1 to 9, not ${String(value)}` },
  http: {
    holds: (value) => value !== null && typeof value === 'object',
    remedy: 'must be an object',
    members: { proxy: FLAG, agents: { ...FLAG, holds: isOneOf(1, 2), members: {} } },
  },
  hooks: { ...FLAG, holds: () => true, members: { onCall: FLAG }, allowsOthers: true },
  policy: { ...FLAG, holds: isOneOf('a', 'b'), more: (value) => (value === 'a' ? [] : OF_POLICY) },
};
const OF_POLICY = [
  { option: '', message: 'is old' },
  { option: 'rebook', message: 'is wrong' },
];

const problems = (options: unknown): string[] => sentencesOf(validateOptions(options, CHECKS), 'The options');

describe('validateOptions', () => {
  it('finds no problem in valid options, and treats undefined as missing', () => {
    expect(problems({ key: 'k', count: undefined, http: { proxy: true }, policy: 'a', other: undefined })).toEqual([]);
  });

  it('lists every problem in the order of the checks, then the unknown names', () => {
    expect(problems({ other: 1, count: 10, http: { proxy: 1, agent: 1 }, toString: 1, ['__proto__']: 1 })).toEqual([
      'key is missing: it must be a string.',
      'count must be from 1 to 9, not 10.',
      'http.proxy must be true or false.',
      'http.agent is not an option: the options are http.proxy, http.agents.',
      'other is not an option: the options are key, count, http, hooks, policy.',
      'toString is not an option: the options are key, count, http, hooks, policy.',
      '__proto__ is not an option: the options are key, count, http, hooks, policy.',
    ]);
  });

  it('does not check the members of an invalid value', () => {
    expect(problems({ key: 'k', http: 5, policy: 'c' })).toEqual([
      'http must be an object.',
      'policy must be true or false.',
    ]);
  });

  it('allows unknown members if the check does', () => {
    expect(problems({ key: 'k', hooks: { onCall: 5, onEnd: 5 } })).toEqual(['hooks.onCall must be true or false.']);
  });

  it('prefixes further problems with the option', () => {
    expect(problems({ key: 'k', policy: 'b' })).toEqual(['policy is old.', 'policy.rebook is wrong.']);
  });

  it.each<unknown>([undefined, null, [], 'key'])('refuses %j as options', (options) => {
    expect(problems(options)).toEqual(['The options must be an object.']);
  });

  it('uses the messages of its caller', () => {
    const wording = {
      notAnObject: 'are missing',
      unknown: (names: readonly string[], known: readonly string[], prefix: string) => [
        { option: prefix, message: `${names.join('+')} of ${known.join('+')}` },
      ],
    };
    expect(validateOptions(undefined, CHECKS, wording)).toEqual([{ option: '', message: 'are missing' }]);
    expect(validateOptions({ key: 'k', a: 1, b: 2, http: { c: 3 } }, CHECKS, wording)).toEqual([
      { option: 'http.', message: 'c of proxy+agents' },
      { option: '', message: 'a+b of key+count+http+hooks+policy' },
    ]);
  });
});
