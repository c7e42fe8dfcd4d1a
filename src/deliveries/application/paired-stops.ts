import type { QuotationStopDto } from '../../api/requests/create-quotation.dto.js';
import type { QuotationStop } from '../../api/answers/quotation.js';
import { isRecord } from '../../internal/is-record.js';
import { normalizedText } from '../normalized-text.js';

/** Lalamove returns 7 decimals, rounded or truncated. The tolerance is a little larger because of rounding errors. */
const TOLERANCE_DEGREES = 1.01e-7;

/**
 * Matches the stops of a quotation to the requested stops, by address and coordinates. The returned order does not
 * matter.
 *
 * @param asked the requested stops, pick-up first
 * @param given the stops of the quotation
 * @param isOptimised whether Lalamove may have changed the order. If not, the returned order is used, unless a stop
 *   clearly belongs to another place
 * @returns the stops of the quotation in the requested order; `undefined` if the match is not certain
 */
export function pairedStops(
  asked: readonly QuotationStopDto[],
  given: readonly QuotationStop[],
  isOptimised: boolean,
): readonly QuotationStop[] | undefined {
  if (asked.length !== given.length) return undefined;
  const paired = pairedByPlace(asked, given);
  if (paired || isOptimised) return paired;
  const isElsewhere = given.some((stop, index) => {
    const places = asked.filter((place) => isNamed(place, stop) || isAtPoint(place, stop));
    const own = asked[index];
    return own !== undefined && places.length > 0 && !places.includes(own);
  });
  return isElsewhere ? undefined : given;
}

/** Whether a stop of the quotation may belong to a requested place. */
type Likeness = (place: QuotationStopDto, stop: QuotationStop) => boolean;

/** The strictest rule is first. If Lalamove changed an address, the stop is matched by its coordinates alone. */
const LIKENESSES: readonly Likeness[] = [
  (place, stop) => place.address === stop.address && (isWithoutPoint(place) || isAtPoint(place, stop)),
  (place, stop) => isNamed(place, stop) && (isWithoutPoint(place) || isAtPoint(place, stop)),
  isAtPoint,
];

function pairedByPlace(
  asked: readonly QuotationStopDto[],
  given: readonly QuotationStop[],
): readonly QuotationStop[] | undefined {
  const left = new Set(given);
  const paired = new Map<number, QuotationStop>();
  const open = (): number[] => [...asked.keys()].filter((index) => !paired.has(index));
  const pair = (index: number, own: QuotationStop): void => {
    left.delete(own);
    paired.set(index, own);
  };
  for (const isLike of LIKENESSES) {
    for (const index of open()) {
      const own = certainStop(index, { asked, open: open(), left: [...left], isLike });
      if (own) pair(index, own);
    }
  }
  // A single remaining place without coordinates gets the remaining stop, because Lalamove geocoded the place.
  const [last, ...more] = open();
  const [rest] = left;
  const place = last === undefined ? undefined : asked[last];
  if (last !== undefined && more.length === 0 && place && isWithoutPoint(place) && rest) pair(last, rest);
  return paired.size === asked.length ? asked.flatMap((_, index) => paired.get(index) ?? []) : undefined;
}

interface Choice {
  readonly asked: readonly QuotationStopDto[];
  /** The indexes of the places that have no stop yet. */
  readonly open: readonly number[];
  /** The stops that have no place yet. */
  readonly left: readonly QuotationStop[];
  readonly isLike: Likeness;
}

/** The only stop that matches a place. If the same place was requested several times, any of its stops matches. */
function certainStop(index: number, { asked, open, left, isLike }: Choice): QuotationStop | undefined {
  const place = asked[index];
  if (!place) return undefined;
  const choices = left.filter((stop) => isLike(place, stop));
  const rivals = open
    .flatMap((other) => asked[other] ?? [])
    .filter((other) => choices.some((stop) => isLike(other, stop)));
  const isCertain = choices.length === rivals.length && rivals.every(({ address }) => address === place.address);
  return isCertain ? choices[0] : undefined;
}

function isNamed({ address }: QuotationStopDto, stop: QuotationStop): boolean {
  return normalizedText(address) !== '' && normalizedText(address) === normalizedText(stop.address);
}

function isWithoutPoint({ coordinates }: QuotationStopDto): boolean {
  return !isRecord(coordinates);
}

function isAtPoint({ coordinates: asked }: QuotationStopDto, { coordinates: given }: QuotationStop): boolean {
  if (!isRecord(asked) || !isRecord(given)) return false;
  return isNear(asked.lat, given.lat) && isNear(asked.lng, given.lng);
}

function isNear(one: unknown, other: unknown): boolean {
  return Math.abs(degrees(one) - degrees(other)) <= TOLERANCE_DEGREES;
}

function degrees(value: unknown): number {
  return typeof value === 'number' || (typeof value === 'string' && value.trim() !== '') ? Number(value) : Number.NaN;
}
