import { describe, expect, it } from '@jest/globals';
import { counted, formatDistance, formatDuration, formatMoney, metresBetween, words } from './format.js';

describe('formatMoney', () => {
  it('uses the format of the market', () => {
    expect(formatMoney('98', 'HKD', 'HK')).toBe('HK$98.00');
    expect(formatMoney('12500', 'IDR', 'ID')).toMatch(/^Rp\s12\.500/);
    expect(formatMoney('1000', 'TWD', 'TW')).toBe('$1,000.00');
  });

  it('shows what is no amount as it is', () => {
    expect([formatMoney('', 'HKD'), formatMoney('1', 'nothing'), formatMoney('abc', 'HKD')]).toEqual([
      'HKD',
      'nothing 1',
      'HKD abc',
    ]);
  });
});

describe('formatDuration', () => {
  it('has two units at most', () => {
    const of = [900, 59_400, 200_000, 600_000, 7_500_000, 90_000_000, 400_000_000].map(formatDuration);
    expect(of).toEqual(['1 s', '59 s', '3 min 20 s', '10 min', '2 h 5 min', '1 d 1 h', '4 d']);
  });
});

it('words and distances are short', () => {
  expect(words('ON_GOING')).toBe('on going');
  expect([counted(0, 'order'), counted(1, 'order')]).toEqual(['0 orders', '1 order']);
  expect([formatDistance(849), formatDistance(12_440)]).toEqual(['850 m', '12.4 km']);
  expect(metresBetween({ lat: 22.2759, lng: 114.1455 }, { lat: 22.308, lng: 113.9185 })).toBeCloseTo(23_630, -2);
});
