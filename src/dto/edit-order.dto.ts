import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsDefined,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { CoordinatesDto } from './coordinates.dto.js';
import { E164, E164_MESSAGE, LONGEST_REMARKS } from './contact.js';

/** A stop of an edited order. */
export class EditedStopDto {
  @IsDefined()
  @IsObject()
  @ValidateNested()
  @Type(() => CoordinatesDto)
  coordinates: CoordinatesDto;

  @IsString()
  @IsNotEmpty()
  address: string;

  @IsString()
  @IsNotEmpty()
  name: string;

  /** E.164, e.g. `+85290000000`. */
  @Matches(E164, { message: E164_MESSAGE })
  phone: string;

  /** For the driver; at most 1500 characters. Repeat what was there, or it is lost. */
  @IsOptional()
  @IsString()
  @MaxLength(LONGEST_REMARKS)
  remarks?: string;
}

/** The body of `PATCH /v3/orders/:id`: the whole route anew. Works once per order, and only while it is `ON_GOING`. */
export class EditOrderDto {
  /** The pick-up exactly as it was placed, and 1 to 15 drop-offs. */
  @IsArray()
  @ArrayMinSize(2, { message: 'stops must be the pick-up as it was placed and at least one drop-off' })
  @ArrayMaxSize(16, { message: 'stops must be the pick-up as it was placed and at most 15 drop-offs' })
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => EditedStopDto)
  stops: EditedStopDto[];
}
