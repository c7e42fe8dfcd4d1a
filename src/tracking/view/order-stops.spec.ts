import { describe, expect, it } from '@jest/globals';
import type { TrackedWebhook } from '../../deliveries/application/tracked-deliveries.js';
import type { BookedRequest } from '../../deliveries/storage/delivery-record.js';
import { ownStopIndex, stopsIn, stopsInWebhooks, type KnownStop } from './order-stops.js';

const PLACES = [
  { name: 'Shop', address: '9 Kitchen', lat: '22.1', lng: '114.1' },
  { name: 'Ada', address: '1 Peak Road', lat: '22.2', lng: '114.2' },
  { name: 'Bo', address: '2 Harbour Street', lat: '22.3', lng: '114.3' },
  { name: 'Cy', address: '3 Island Lane', lat: '22.4', lng: '114.4' },
] as const;

type Place = Readonly<Record<'name' | 'address' | 'lat' | 'lng', string>>;

function requestOf([sender, ...others]: readonly Place[], isRouteOptimized = false): BookedRequest {
  const all = sender ? [sender, ...others] : others;
  return {
    quotation: {
      serviceType: 'MOTORCYCLE',
      stops: all.map(({ address, lat, lng }) => ({ address, coordinates: { lat, lng } })),
      isRouteOptimized,
    },
    sender: { name: sender?.name ?? '', phone: '+85221234567' },
    recipients: others.map(({ name }) => ({ name, phone: '+85251234567' })),
  };
}

function stopsOf(places: readonly Place[]): readonly KnownStop[] {
  const stops = places.map(({ name, address, lat, lng }) => ({ name, address, coordinates: { lat, lng } }));
  return stopsIn({ stops }) ?? [];
}

describe('ownStopIndex', () => {
  it('finds each recipient in the order of the request', () => {
    const found = [0, 1, 2].map((recipient) => ownStopIndex(requestOf(PLACES), recipient, stopsOf(PLACES)));
    expect(found).toEqual([1, 2, 3]);
  });

  it('finds each recipient in another order', () => {
    const [shop, ada, bo, cy] = PLACES;
    const stops = stopsOf([shop, cy, ada, bo]);
    const found = [0, 1, 2].map((recipient) => ownStopIndex(requestOf(PLACES, true), recipient, stops));
    expect(found).toEqual([2, 3, 1]);
  });

  it('takes no stop of another name at the same door, whose proof is not for this recipient', () => {
    const twins = [PLACES[0], PLACES[1], { ...PLACES[1], name: 'Neighbour' }];
    const request = requestOf(twins, true);
    expect(ownStopIndex(request, 0, stopsOf(twins))).toBe(1);
    expect(ownStopIndex(request, 1, stopsOf(twins))).toBe(2);
    expect(ownStopIndex(request, 0, stopsOf([twins[0] ?? PLACES[0], ...twins.slice(1).reverse()]))).toBe(2);
  });

  it('is not certain about two stops that are alike in an optimized route', () => {
    const twins = [PLACES[0], PLACES[1], PLACES[1]];
    expect(ownStopIndex(requestOf(twins, true), 0, stopsOf(twins))).toBeUndefined();
    // Lalamove has kept the order, so the first one is the first recipient's.
    expect(ownStopIndex(requestOf(twins), 0, stopsOf(twins))).toBe(1);
  });

  it('finds nothing after customer service has changed the stops', () => {
    const edited = [...PLACES.slice(0, 3), { ...PLACES[3], address: '4 New Street', lat: '22.9', lng: '114.9' }];
    expect(ownStopIndex(requestOf(PLACES), 2, stopsOf(edited))).toBeUndefined();
    expect(ownStopIndex(requestOf(PLACES), 0, stopsOf(edited))).toBe(1);
    expect(ownStopIndex(requestOf(PLACES), 0, stopsOf(PLACES.slice(0, 3)))).toBeUndefined();
  });

  it('allows for an address and coordinates in the form of Lalamove', () => {
    const rewritten = PLACES.map((place) => ({
      ...place,
      address: place.address.toUpperCase(),
      lat: `${place.lat}00001`,
    }));
    expect(ownStopIndex(requestOf(PLACES), 1, stopsOf(rewritten))).toBe(2);
  });
});

describe('stopsInWebhooks', () => {
  const webhook = (at: number, orderId: string, stops: readonly object[]): TrackedWebhook => ({
    type: 'POD_STATUS_CHANGED',
    at,
    data: { order: { orderId, stops } },
  });

  it('takes the latest, by the time of the signature, and the time at which a proof was first heard of', () => {
    const history = {
      events: [],
      webhooks: [
        webhook(30, '1', [{}, { POD: { status: 'DELIVERED', image: 'https://a.example/1.png' } }]),
        webhook(10, '1', [{ name: 'Shop' }, { name: 'Ada', POD: { status: 'PENDING' } }]),
        webhook(20, '1', [{}, { POD: { status: 'DELIVERED' } }]),
        webhook(40, '2', [{}, { POD: { status: 'FAILED' } }]),
      ],
    };
    expect(stopsInWebhooks(history, '1')).toMatchObject([
      { name: 'Shop' },
      { name: 'Ada', proof: { status: 'DELIVERED', image: 'https://a.example/1.png', heardAt: 20 } },
    ]);
  });

  it.each([[{}], [{ stops: 'none' }], [{ stops: [{}] }], [null]])('finds none in %j', (order) => {
    expect(stopsIn(order)).toBeUndefined();
  });
});
