import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { toUnits, parseAmount, formatAmount } from './money.js';

const decimals = fc.integer({ min: 0, max: 2 });
/** The largest number of units of an amount with twelve digits. */
const units = fc.integer({ min: -999_999_999_999, max: 999_999_999_999 });

describe('money', () => {
  it('is the same after formatting and parsing', () => {
    fc.assert(
      fc.property(units, decimals, (amount, places) => {
        expect(parseAmount(formatAmount(amount, { decimals: places }), { decimals: places })).toBe(amount);
      }),
    );
  });

  it('is formatted with exactly the decimals of its market', () => {
    fc.assert(
      fc.property(units, decimals, (amount, places) => {
        expect(formatAmount(amount, { decimals: places })).toMatch(
          places === 0 ? /^-?\d+$/ : new RegExp(`^-?\\d+\\.\\d{${places}}$`),
        );
      }),
    );
  });

  it('is converted between a number and units without loss', () => {
    fc.assert(
      fc.property(units, decimals, (amount, places) => {
        expect(toUnits(Number(formatAmount(amount, { decimals: places })), { decimals: places })).toBe(amount);
      }),
    );
  });

  it.each([
    ['20', 0, 20],
    ['20.00', 0, 20],
    ['20', 1, 200],
    ['20.5', 1, 205],
    ['20.50', 1, 205],
    ['0.05', 2, 5],
    ['007', 0, 7],
    ['-1.5', 1, -15],
    ['-0.5', 1, -5],
  ])('%j with %d decimals is %d units', (text, places, amount) => {
    expect(parseAmount(text, { decimals: places })).toBe(amount);
  });

  it.each([
    ['20.5', 0],
    ['20.05', 1],
    ['20.005', 2],
    ['', 0],
    ['.5', 1],
    ['5.', 1],
    ['+5', 0],
    ['--5', 0],
    ['1e3', 0],
    ['1,000', 0],
    [' 5', 0],
    ['5\n', 0],
    ['0x10', 0],
    ['Infinity', 0],
    ['HKD 20', 0],
    ['1234567890123', 0],
  ])('%j with %d decimals has no units', (text, places) => {
    expect(parseAmount(text, { decimals: places })).toBeUndefined();
  });

  it.each([
    [0.5, 0, 1],
    [0.49, 0, 0],
    [13.44, 1, 134],
    [13.45, 1, 135],
    [9.5, 2, 950],
  ])('%d is rounded, with %d decimals, to %d units', (amount, places, expected) => {
    expect(toUnits(amount, { decimals: places })).toBe(expected);
  });
});
