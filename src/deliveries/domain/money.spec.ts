import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { exceeds, isAmount, withPart } from './money.js';

/** An amount in millionths, and one way to write it. */
const amounts = fc
  .record({ millionths: fc.bigInt(0n, 10n ** 20n), zeros: fc.boolean() })
  .map(({ millionths, zeros }) => {
    const decimals = String(millionths % 1_000_000n).padStart(6, '0');
    const text = `${millionths / 1_000_000n}.${decimals}`;
    return { millionths, text: zeros ? text : text.replace(/\.?0+$/, '') };
  });

describe('amounts', () => {
  it('are compared exactly, in any notation', () => {
    fc.assert(fc.property(amounts, amounts, (a, b) => exceeds(a.text, b.text) === a.millionths > b.millionths));
    expect(exceeds('100.000001', '100')).toBe(true);
    expect(exceeds('100.00', '100')).toBe(false);
    expect(exceeds('900719925474099.3', '900719925474099.2')).toBe(true);
  });

  it('have one part replaced exactly, with the shortest notation as the result', () => {
    fc.assert(
      fc.property(amounts, amounts, amounts, (total, before, after) => {
        const sum = total.millionths - before.millionths + after.millionths;
        const text = withPart(total.text, before.text, after.text);
        if (sum < 0n) return text === undefined;
        const [whole = '', decimals = ''] = (text ?? '').split('.');
        return BigInt(whole) * 1_000_000n + BigInt(decimals.padEnd(6, '0')) === sum && !/\.\d*0$|\.$/.test(text ?? '.');
      }),
    );
    expect(withPart('100', '0', '20')).toBe('120');
    expect(withPart('0.5', '0.5', '0')).toBe('0');
  });

  it.each(['', '-1', '1,50', '1.', '.5', '1e3', ' 1', '1\n', '1.1234567', '1'.repeat(16), 1, undefined])(
    'are not %j',
    (text) => {
      expect(isAmount(text)).toBe(false);
      expect(exceeds(String(text), '1')).toBe(typeof text === 'number' ? false : undefined);
    },
  );
});
