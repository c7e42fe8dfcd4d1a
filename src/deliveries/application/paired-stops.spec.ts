import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { QuotationStopDto } from '../../api/requests/create-quotation.dto.js';
import type { QuotationStop } from '../../api/answers/quotation.js';
import { pairedStops } from './paired-stops.js';

type Place = QuotationStopDto & { coordinates: { lat: string; lng: string } };

const place = (lat: string, address: string): Place => ({ coordinates: { lat, lng: '114.123456789' }, address });

/** A stop as Lalamove returns it, with 7 decimals. Its id is the index of its place. */
const answered = ({ coordinates: { lat, lng }, address = '' }: Place, index: number): QuotationStop => ({
  stopId: `${index}`,
  coordinates: { lat: Number(lat).toFixed(7), lng: Number(lng).toFixed(7) },
  address,
});

const idsOf = (asked: QuotationStopDto[], given: QuotationStop[], isOptimised = true): string[] | undefined =>
  pairedStops(asked, given, isOptimised)?.map(({ stopId }) => stopId);

const cutOff = (value: string): string => /^-?\d+(\.\d{0,7})?/.exec(value)?.[0] ?? '';
const REWRITE: readonly ((address: string) => string)[] = [
  (address) => address,
  (address) => ` ${address.toUpperCase()},  Hong Kong`,
  (address) => `${address.toUpperCase()} `,
  () => 'Hong Kong',
];

const decimals = fc.nat({ max: 999_999 }).map((digits) => `22.27${String(digits).padStart(6, '0')}1234`);
/** Places, of which some may be equal or differ only in the address. */
const places = (lats: fc.Arbitrary<string>): fc.Arbitrary<Place[]> =>
  fc
    .array(fc.tuple(lats, fc.constantFrom('flat 3', 'flat 9', 'flat 3, ')), { minLength: 2, maxLength: 8 })
    .map((all) => all.map(([lat, address]) => place(lat, address)));
const answerOf = (asked: Place[]): fc.Arbitrary<QuotationStop[]> =>
  fc
    .tuple(
      fc.array(fc.tuple(fc.nat(3), fc.boolean()), { minLength: asked.length, maxLength: asked.length }),
      fc.nat(99),
    )
    .chain(([ways]) => {
      const stops = asked.map((each, index) => {
        const [way = 0, isCut = false] = ways[index] ?? [];
        const { lat, lng } = each.coordinates;
        const stop = answered(each, index);
        const address = REWRITE[way]?.(each.address ?? '') ?? '';
        return { ...stop, address, ...(isCut && { coordinates: { lat: cutOff(lat), lng: cutOff(lng) } }) };
      });
      return fc.shuffledSubarray(stops, { minLength: stops.length });
    });

describe('pairedStops', () => {
  it('gives each place its own stop or no result, for any order of the answer and any spelling', () => {
    const few = fc.constantFrom('22.2759123456', '22.2759123499', '22.3080987654321', '22.4');
    const cases = places(few).chain((asked) => fc.tuple(fc.constant(asked), answerOf(asked)));
    const property = fc.property(cases, ([asked, given]) => {
      for (const [index, id] of (idsOf(asked, given) ?? []).entries()) {
        const own = asked[Number(id)];
        expect(own?.coordinates.lat.slice(0, 9)).toBe(asked[index]?.coordinates.lat.slice(0, 9));
        const rewritten = given.some(({ address }, at) => address !== asked[at]?.address);
        if (!rewritten) expect(own?.address).toBe(asked[index]?.address);
      }
    });
    fc.assert(property, { numRuns: 2000 });
  });

  it('finds the stop of every place that has its own coordinates', () => {
    const apart = fc.uniqueArray(decimals, { minLength: 2, maxLength: 16, selector: (lat) => lat.slice(0, 8) });
    const cases = apart.chain((lats) => {
      const asked = lats.map((lat) => place(lat, 'one house'));
      return fc.tuple(fc.constant(asked), answerOf(asked));
    });
    fc.assert(
      fc.property(cases, ([asked, given]) => {
        expect(idsOf(asked, given)).toEqual(asked.map((_, index) => `${index}`));
        expect(idsOf(asked, given, false)).toEqual(asked.map((_, index) => `${index}`));
      }),
      { numRuns: 1000 },
    );
  });

  const shop = place('22.2759', 'Shop');
  const [three, nine] = [place('22.3080987654', 'Flat 3'), place('22.3080987654', 'Flat 9')];

  it('distinguishes places with equal coordinates by address, even if one address is rewritten', () => {
    const given = [shop, three, nine].map(answered);
    const [first, second, third] = given;
    if (!first || !second || !third) throw new TypeError('There must be three stops.');
    expect(idsOf([shop, three, nine], [first, third, second])).toEqual(['0', '1', '2']);
    expect(idsOf([shop, three, nine], [first, { ...third, address: 'Room nine' }, second])).toEqual(['0', '1', '2']);
    const none = { ...third, address: 'Room nine' };
    expect(idsOf([shop, three, nine], [first, none, { ...second, address: 'Room three' }])).toBeUndefined();
  });

  it('keeps the order of the answer for a place that was requested twice', () => {
    const given = [shop, three, shop].map(answered);
    expect(idsOf([shop, three, shop], given)).toEqual(['0', '1', '2']);
  });

  it('matches a place without coordinates by address, or as the last one left', () => {
    const byName = { address: 'flat 9' };
    expect(idsOf([shop, three, byName], [shop, nine, three].map(answered))).toEqual(['0', '2', '1']);
    const lookedUp = { address: 'Another name of it' };
    expect(idsOf([shop, lookedUp, three], [shop, three, nine].map(answered))).toEqual(['0', '2', '1']);
    expect(idsOf([shop, lookedUp, { address: 'Yet another' }], [shop, three, nine].map(answered))).toBeUndefined();
  });

  it('returns nothing if a stop is elsewhere, missing or surplus', () => {
    const far = place('22.9', 'Flat 3');
    expect(idsOf([shop, three], [shop, far].map(answered))).toBeUndefined();
    expect(idsOf([shop, three], [shop].map(answered))).toBeUndefined();
    expect(idsOf([shop, three], [shop, three, nine].map(answered), false)).toBeUndefined();
  });

  it('keeps the order of a route that is not optimised, unless the places contradict it', () => {
    const snapped = [place('22.1', 'A'), place('22.2', 'B'), place('22.29', 'C')].map(answered);
    const other = place('22.35', 'Other');
    expect(idsOf([shop, three, other], snapped, false)).toEqual(['0', '1', '2']);
    const [first, second] = snapped;
    if (!first || !second) throw new TypeError('There must be three stops.');
    expect(idsOf([shop, three, other], [first, answered(other, 7), second], false)).toBeUndefined();
  });
});
