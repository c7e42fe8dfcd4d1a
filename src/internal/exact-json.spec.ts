import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseExactly, parseLosslessly } from './exact-json.js';

const scalar = fc.oneof(fc.string(), fc.double({ noNaN: true }), fc.integer(), fc.boolean(), fc.constant(null));
const jsonValue = fc.oneof(scalar, fc.array(scalar), fc.dictionary(fc.string(), fc.oneof(scalar, fc.array(scalar))));

describe('parseExactly', () => {
  it.each([
    ['3316227378875113604', '3316227378875113604'],
    ['-3316227378875113604', '-3316227378875113604'],
    ['{"a":[3316227378875113604, 1]}', { a: ['3316227378875113604', 1] }],
    ['{"3316227378875113604":"3316227378875113604"}', { '3316227378875113604': '3316227378875113604' }],
    ['"a 3316227378875113604 \\" 3316227378875113604"', 'a 3316227378875113604 " 3316227378875113604'],
    ['["\\\\",3316227378875113604,"\\\\"]', ['\\', '3316227378875113604', '\\']],
    ['999999999999999', 999_999_999_999_999],
    ['1000000000000000', '1000000000000000'],
    ['22.33529510000000001', 22.3352951],
    ['0.0000000000000000001', 1e-19],
    ['1234567890123456.5', 1_234_567_890_123_456.5],
    ['1000000000000000000e2', 1e20],
    ['{"orderId":107900701184,"n":7}', { orderId: '107900701184', n: 7 }],
    ['{ "stops" : [ { "stopId" : 3 } ] }', { stops: [{ stopId: '3' }] }],
    ['{"text":"\\"orderId\\":1","driverId":2.5}', { text: '"orderId":1', driverId: 2.5 }],
  ])('reads %s', (text, value) => {
    expect(parseExactly(text)).toEqual(value);
    expect(parseLosslessly(text)).toEqual(value);
  });

  it('returns the same as JSON.parse if there is no long number', () => {
    const json = jsonValue.map((value) => JSON.stringify(value, null, 1));
    fc.assert(
      fc.property(json, (text) => {
        fc.pre(!/(?<![\d.])\d{16,}(?![\d.eE])/.test(text));
        expect(parseExactly(text)).toEqual(JSON.parse(text));
        expect(parseLosslessly(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('preserves every digit of a long number, and changes nothing else', () => {
    const digits = fc.bigInt({ min: 10n ** 15n, max: 10n ** 25n });
    fc.assert(
      fc.property(jsonValue, digits, fc.boolean(), (other, number, isNegative) => {
        const text = `${isNegative ? '-' : ''}${number}`;
        fc.pre(!/\d{16}/.test(JSON.stringify(other)));
        expect(parseExactly(`{"other":${JSON.stringify(other)},"id": ${text} ,"text":"${text}"}`)).toEqual({
          other: parsed(other),
          id: text,
          text,
        });
      }),
    );
  });

  it.each(['', '{', '01234567890123456789', '"3316227378875113604', '{3316227378875113604:1}'])(
    'refuses %s',
    (text) => {
      expect(() => parseExactly(text)).toThrow(SyntaxError);
      expect(() => parseLosslessly(text)).toThrow(SyntaxError);
    },
  );

  it('freezes the whole result, also a value that was parsed before', () => {
    const text = '{"order":{"stops":[{"POD":{}}]}}';
    const parsed: unknown = JSON.parse(text);
    expect(parseExactly(text, parsed)).toBe(parsed);
    for (const read of [parsed, parseExactly(`{"order":{"id":${'9'.repeat(19)},"stops":[{"POD":{}}]}}`)]) {
      expect(isFrozenThroughout(read)).toBe(true);
    }
  });

  it('freezes a value that is nested deeper than the stack', () => {
    const depth = 100_000;
    expect(isFrozenThroughout(parseExactly('['.repeat(1000) + ']'.repeat(1000)))).toBe(true);
    const chain = Array.from({ length: depth }).reduce<object>((inner) => ({ inner }), {});
    expect(Object.isFrozen(parseExactly('{}', chain))).toBe(true);
  });

  it('parses a megabyte of escapes beside a long number', () => {
    const text = `["${'\\"'.repeat(500_000)}",3316227378875113604]`;
    expect(parseExactly(text)).toEqual(['"'.repeat(500_000), '3316227378875113604']);
  });
});

/** The value after JSON.stringify and JSON.parse. */
function parsed(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function isFrozenThroughout(value: unknown): boolean {
  return (
    typeof value !== 'object' ||
    value === null ||
    (Object.isFrozen(value) && Object.values(value).every(isFrozenThroughout))
  );
}
