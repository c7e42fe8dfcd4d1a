import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseExactly } from './exact-json.js';

describe('JSON without lost digits', () => {
  it.each([
    ['{"id":1971050128063414342}', { id: '1971050128063414342' }],
    ['[-9007199254740993, 1000000000000000]', ['-9007199254740993', '1000000000000000']],
    ['999999999999999', 999_999_999_999_999],
    ['[1e15,1.0e20,1234567890123456.5]', [1e15, 1e20, 1234567890123456.5]],
    ['{"text":"1971050128063414342 \\" 1971050128063414342","id":1971050128063414342}', undefined],
    ['1971050128063414342', '1971050128063414342'],
  ])('reads %s', (text, value) => {
    expect(parseExactly(text)).toEqual(
      value ?? { text: '1971050128063414342 " 1971050128063414342', id: '1971050128063414342' },
    );
  });

  it('changes nothing but whole numbers of 16 digits and more, wherever they stand', () => {
    const whole = fc.bigInt({ min: -(10n ** 22n), max: 10n ** 22n });
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ depthSize: 'small' }, whole, fc.string(), fc.boolean(), tie('list'), tie('members')),
      list: fc.array(tie('value')),
      members: fc.dictionary(fc.string(), tie('value')),
    }));
    fc.assert(
      fc.property(value, (given) => {
        expect(parseExactly(written(given))).toEqual(expected(given));
      }),
    );
  });

  it('freezes all that it returns, also what was parsed before', () => {
    const text = '{"order":{"stops":[{"POD":{}}]}}';
    const parsed: unknown = JSON.parse(text);
    expect(parseExactly(text, parsed)).toBe(parsed);
    for (const read of [parsed, parseExactly(`{"order":{"id":${'9'.repeat(19)},"stops":[{"POD":{}}]}}`)]) {
      expect(isFrozenThroughout(read)).toBe(true);
    }
  });

  it('freezes what is nested deeper than the stack is', () => {
    const depth = 100_000;
    expect(isFrozenThroughout(parseExactly('['.repeat(1000) + ']'.repeat(1000)))).toBe(true);
    const chain = Array.from({ length: depth }).reduce<object>((inner) => ({ inner }), {});
    expect(Object.isFrozen(parseExactly('{}', chain))).toBe(true);
  });
});

/** JSON of it, with whole numbers to the last digit. */
function written(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map(written).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}:${written(member)}`);
  return `{${members.join()}}`;
}

/** What is to be read of it. */
function expected(value: unknown): unknown {
  if (typeof value === 'bigint') return /\d{16}/.test(String(value)) ? String(value) : Number(value);
  if (Array.isArray(value)) return value.map(expected);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, expected(member)]));
}

function isFrozenThroughout(value: unknown): boolean {
  return (
    typeof value !== 'object' ||
    value === null ||
    (Object.isFrozen(value) && Object.values(value).every(isFrozenThroughout))
  );
}
