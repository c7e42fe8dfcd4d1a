import { IsBoolean, IsOptional, IsString, Matches, ValidateIf } from 'class-validator';
import { CoordinatesDto } from './coordinates.dto.js';
import type { LalamoveLanguage } from '../market.js';
import { Documented } from './member-docs.js';
import { IsFilledString, IsNested, IsNestedList, IsStrings, mustBe, OneRule } from './one-rule.decorator.js';
import { zonedTime } from './sent-time.js';
import { RawMember } from './raw-member.decorator.js';

const LANGUAGE = /^[a-z]{2,3}_[A-Z]{2}$/;

/** Documents a list of strings. */
const TEXTS = { type: 'array', items: { type: 'string' } } as const;

/** A stop of a quotation: an address, coordinates, or both. Lalamove's guide requires both. */
export class QuotationStopDto {
  /** May be left out if there is an address. Lalamove then looks up the coordinates. */
  @ValidateIf(({ coordinates, address }: QuotationStopDto) => coordinates != null || address == null)
  @IsNested(
    () => CoordinatesDto,
    ({ value }) =>
      value == null ? 'coordinates are required if there is no address' : 'coordinates must be an object: { lat, lng }',
  )
  @Documented({ type: CoordinatesDto, required: false, description: 'May be left out if there is an address.' })
  coordinates?: CoordinatesDto;

  /** The address in words. */
  @RawMember({ type: 'string', required: false, description: 'The address in words.', example: 'Victoria Peak' })
  @IsOptional()
  @IsString()
  address?: string;
}

/** The goods. `getCities()` lists the allowed values under `deliveryItemSpecification`. */
export class ItemDto {
  /** The number of pieces, as a string, e.g. `'3'`. */
  @RawMember({
    type: 'string',
    required: false,
    description: 'The number of pieces, as a string',
    example: '3',
  })
  @IsOptional()
  @IsString()
  quantity?: string;

  /** A weight class, e.g. `'LESS_THAN_3_KG'`. */
  @RawMember({ type: 'string', required: false, description: 'A weight class', example: 'LESS_THAN_3_KG' })
  @IsOptional()
  @IsString()
  weight?: string;

  /** The kinds of goods, e.g. `['FOOD_DELIVERY']`. */
  @RawMember({ ...TEXTS, required: false, description: 'The kinds of goods', example: ['FOOD_DELIVERY'] })
  @IsOptional()
  @IsStrings()
  categories?: string[];

  /** How to handle the goods, e.g. `['KEEP_UPRIGHT']`. */
  @RawMember({ ...TEXTS, required: false, description: 'How to handle the goods', example: ['KEEP_UPRIGHT'] })
  @IsOptional()
  @IsStrings()
  handlingInstructions?: string[];
}

/** The body of `POST /v3/quotations`. */
export class CreateQuotationDto {
  /** A service type of the city, e.g. `'MOTORCYCLE'`. `getCities()` lists them. */
  @RawMember({ type: 'string', minLength: 1, description: 'A service type of the city', example: 'MOTORCYCLE' })
  @IsFilledString()
  serviceType: string;

  /**
   * The language of the addresses, e.g. `'en_HK'`. If it is left out, it is English, or `zh_TW` in Taiwan, by the
   * market of the call.
   */
  @RawMember({
    type: 'string',
    pattern: LANGUAGE.source,
    description: 'The language of the addresses',
    example: 'en_HK',
    required: false,
  })
  @IsOptional()
  @Matches(LANGUAGE, { message: mustBe('a language and a market, such as en_HK') })
  language?: LalamoveLanguage;

  /** One pick-up and its drop-offs, in the order of the route. Lalamove's guide allows at most 15 drop-offs. */
  @IsNestedList(() => QuotationStopDto, 2, 'a list of objects: one pick-up and at least one drop-off')
  @Documented({
    type: QuotationStopDto,
    isArray: true,
    minItems: 2,
    description: 'One pick-up and its drop-offs, in the order of the route.',
  })
  stops: QuotationStopDto[];

  /**
   * The pick-up time, at most 30 days ahead: a `Date`, or ISO 8601 with a time zone (`2026-12-01T08:30:00Z`,
   * `2026-12-01T16:30:00+08:00`). It is sent in UTC. Leave it out for an immediate pick-up.
   */
  @RawMember({
    type: 'string',
    format: 'date-time',
    required: false,
    description: 'The pick-up time, at most 30 days ahead',
    example: '2026-12-01T08:30:00Z',
  })
  @IsOptional()
  @IsZonedTime()
  scheduleAt?: string | Date;

  /** Special requests of the service type, e.g. `['TOLL_FEE_10']`. `getCities()` lists them. */
  @RawMember({
    ...TEXTS,
    required: false,
    description: 'Special requests of the service type',
    example: ['TOLL_FEE_10'],
  })
  @IsOptional()
  @IsStrings()
  specialRequests?: string[];

  /** Whether Lalamove may change the order of the drop-offs. */
  @RawMember({
    type: 'boolean',
    required: false,
    description: 'Whether Lalamove may change the order of the drop-offs.',
  })
  @IsOptional()
  @IsBoolean()
  isRouteOptimized?: boolean;

  /** The goods. */
  @IsOptional()
  @IsNested(() => ItemDto, mustBe('an object'))
  @Documented({ type: ItemDto, required: false, description: 'The goods.' })
  item?: ItemDto;
}

/** Validates a time that has a time zone. */
function IsZonedTime(): PropertyDecorator {
  const rule = 'a Date, or ISO 8601 with a time zone, such as 2026-12-01T08:30:00Z';
  return OneRule('isZonedTime', rule, (value) => zonedTime(value) !== undefined);
}
