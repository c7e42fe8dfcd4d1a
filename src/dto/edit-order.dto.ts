import { Type } from 'class-transformer';
import {
  ArrayMinSize,
  IsArray,
  IsDefined,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { CoordinatesDto } from './coordinates.dto.js';
import { ContactDto, LONGEST_REMARKS } from './contact.dto.js';

/** A stop of an edited order. */
export class EditedStopDto extends ContactDto {
  @IsDefined()
  @IsObject()
  @ValidateNested()
  @Type(() => CoordinatesDto)
  coordinates: CoordinatesDto;

  @IsString()
  @IsNotEmpty()
  address: string;

  /** For the driver; at most 1500 characters. Repeat what was there, or it is lost. */
  @IsOptional()
  @IsString()
  @MaxLength(LONGEST_REMARKS)
  remarks?: string;
}

/** The body of `PATCH /v3/orders/:id`: the whole route anew. Works once per order, and only while it is `ON_GOING`. */
export class EditOrderDto {
  /** The pick-up exactly as it was placed, and at least one drop-off. */
  @IsArray()
  @ArrayMinSize(2, { message: 'stops must be the pick-up as it was placed and at least one drop-off' })
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => EditedStopDto)
  stops: EditedStopDto[];
}
