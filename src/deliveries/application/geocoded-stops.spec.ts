import { describe, expect, it } from '@jest/globals';
import { geocodedStops } from './geocoded-stops.js';

const ASKED = [{ address: 'Victoria Peak' }, { address: 'Hong Kong Airport' }];

const stop = (address: string, lat: string) => ({ address, coordinates: { lat, lng: '114.1' }, name: 'Ada' });

const webhook = (stops: unknown, orderId = '1') => ({ order: { orderId, stops } });

const PEAK = stop('Victoria Peak, Hong Kong', '22.27');
const AIRPORT = stop('Hong Kong Airport', '22.30');

describe('geocodedStops', () => {
  it('takes the latest webhook that has all stops of the order', () => {
    const payloads = [
      webhook([PEAK, AIRPORT]),
      webhook([stop('Victoria Peak', '22.28'), AIRPORT]),
      webhook(undefined),
      webhook([{ POD: { status: 'SIGNED' } }, {}]),
      webhook([stop('Victoria Peak', '1'), AIRPORT], '2'),
      undefined,
    ];
    expect(geocodedStops(ASKED, '1', payloads, false)).toEqual([
      { lat: 22.28, lng: 114.1 },
      { lat: 22.3, lng: 114.1 },
    ]);
  });

  it('finds the stops of an optimized route by their addresses, and gives none if they are not certain', () => {
    const asked = [...ASKED, { address: 'Ocean Park' }];
    const moved = [stop('Victoria Peak', '22.27'), stop('Ocean Park', '22.24'), AIRPORT];
    expect(geocodedStops(asked, '1', [webhook(moved)], true).map((place) => place?.lat)).toEqual([22.27, 22.3, 22.24]);
    const unnamed = moved.map(({ coordinates }) => ({ coordinates }));
    expect(geocodedStops(asked, '1', [webhook(unnamed)], true)).toEqual([]);
  });

  it.each([[[]], ['x'], [[null, 1]], [[PEAK]], [[PEAK, { ...AIRPORT, coordinates: { lat: 'x', lng: null } }]]])(
    'gives none for the stops %j',
    (stops) => {
      expect(geocodedStops(ASKED, '1', [webhook(stops)], false)).toEqual([]);
    },
  );
});
