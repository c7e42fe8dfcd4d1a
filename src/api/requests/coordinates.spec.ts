import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sentCoordinates } from './coordinates.dto.js';

describe('sentCoordinates', () => {
  it('sends valid strings unchanged', () => {
    expect(sentCoordinates({ lat: '-23.5986957', lng: '-46.6850130' })).toEqual({
      lat: '-23.5986957',
      lng: '-46.6850130',
    });
  });

  it('writes numbers without an exponent', () => {
    expect(sentCoordinates({ lat: 1e-7, lng: -2.5e-8 })).toEqual({ lat: '0.0000001', lng: '-0.000000025' });
  });

  it('writes any number as a decimal of the same value', () => {
    const degrees = fc.double({ min: -180, max: 180, noNaN: true });
    fc.assert(
      fc.property(degrees, degrees, (lat, lng) => {
        const sent = Object(sentCoordinates({ lat, lng })) as { lat: string; lng: string };
        for (const [text, value] of [[sent.lat, lat] as const, [sent.lng, lng] as const]) {
          expect(text).toMatch(/^-?\d+(\.\d{1,15})?$/);
          expect(Math.abs(Number(text) - value)).toBeLessThan(1e-13);
        }
      }),
    );
  });

  it.each([
    ['22.27590000000000001', '22.2759'],
    ['22.123456789012345', '22.123456789012345'],
    ['22.1234567890123455', '22.123456789012346'],
    ['-0.9999999999999999', '-1'],
    ['89.9999999999999999', '90'],
    ['+22.1234567890123454', '22.123456789012345'],
    ['-0.0000000000000001', '0'],
    ['1e-7', '0.0000001'],
    ['1.25E1', '12.5'],
    ['-2.5e+1', '-25'],
    ['1e-300', '0'],
    [0.1234567890123456, '0.123456789012346'],
    [-0, '0'],
    [1e2, '100'],
    ['22.', '22.'],
    ['.5', '.5'],
    ['north', 'north'],
    ['', ''],
  ])('sends %p as %p', (lat, sent) => {
    expect(sentCoordinates({ lat, lng: '0' })).toEqual({ lat: sent, lng: '0' });
  });

  it('sends invalid coordinates unchanged, so that Lalamove refuses them', () => {
    expect(sentCoordinates(null)).toBeNull();
    expect(sentCoordinates({ lat: true, lng: Number.NaN })).toEqual({ lat: true, lng: Number.NaN });
  });
});
