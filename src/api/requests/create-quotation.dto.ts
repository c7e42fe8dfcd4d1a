import { Expose, Type } from 'class-transformer';
import {
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsDefined,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  ValidateBy,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { CoordinatesDto } from './coordinates.dto.js';
import type { LalamoveLanguage } from '../market.js';
import { zonedTime } from './sent-time.js';
import { RawMember } from './raw-member.decorator.js';

/** A stop of a quotation: an address, coordinates, or both. Lalamove's guide requires both. */
export class QuotationStopDto {
  /** May be left out if there is an address. Lalamove then looks up the coordinates. */
  @Expose()
  @ValidateIf(({ coordinates, address }: QuotationStopDto) => coordinates != null || address == null)
  @IsDefined({ message: 'coordinates are required if there is no address' })
  @IsObject()
  @ValidateNested()
  @Type(() => CoordinatesDto)
  coordinates?: CoordinatesDto;

  @RawMember()
  @IsOptional()
  @IsString()
  address?: string;
}

/** The goods. `getCities()` lists the allowed values under `deliveryItemSpecification`. */
export class ItemDto {
  /** The number of pieces, as a string, e.g. `'3'`. */
  @RawMember()
  @IsOptional()
  @IsString()
  quantity?: string;

  /** A weight class, e.g. `'LESS_THAN_3_KG'`. */
  @RawMember()
  @IsOptional()
  @IsString()
  weight?: string;

  /** E.g. `['FOOD_DELIVERY']`. */
  @RawMember()
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  categories?: string[];

  /** E.g. `['KEEP_UPRIGHT']`. */
  @RawMember()
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  handlingInstructions?: string[];
}

/** The body of `POST /v3/quotations`. */
export class CreateQuotationDto {
  /** A service type of the city, e.g. `'MOTORCYCLE'`. `getCities()` lists them. */
  @RawMember()
  @IsString()
  @IsNotEmpty()
  serviceType: string;

  /** The language of the addresses, e.g. `'en_HK'`. */
  @RawMember()
  @Matches(/^[a-z]{2,3}_[A-Z]{2}$/, { message: 'language must consist of a language and a market, such as en_HK' })
  language: LalamoveLanguage;

  /** One pick-up and its drop-offs, in the order of the route. Lalamove's guide allows at most 15 drop-offs. */
  @Expose()
  @IsArray()
  @ArrayMinSize(2, { message: 'stops must be one pick-up and at least one drop-off' })
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => QuotationStopDto)
  stops: QuotationStopDto[];

  /**
   * The pick-up time, at most 30 days ahead: a `Date`, or ISO 8601 with a time zone (`2026-12-01T08:30:00Z`,
   * `2026-12-01T16:30:00+08:00`). It is sent in UTC. Leave it out for an immediate pick-up.
   */
  @RawMember()
  @IsOptional()
  @IsZonedTime()
  scheduleAt?: string | Date;

  /** Special requests of the service type, e.g. `['TOLL_FEE_10']`. `getCities()` lists them. */
  @RawMember()
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  specialRequests?: string[];

  /** Whether Lalamove may change the order of the drop-offs. */
  @RawMember()
  @IsOptional()
  @IsBoolean()
  isRouteOptimized?: boolean;

  @Expose()
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ItemDto)
  item?: ItemDto;
}

/** Validates a time that has a time zone. */
function IsZonedTime(): PropertyDecorator {
  return ValidateBy({
    name: 'isZonedTime',
    validator: {
      validate: (value: unknown) => zonedTime(value) !== undefined,
      defaultMessage: () => '$property must be a Date, or ISO 8601 with a time zone, such as 2026-12-01T08:30:00Z',
    },
  });
}
