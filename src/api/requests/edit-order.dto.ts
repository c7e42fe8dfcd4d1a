import { Expose, Type } from 'class-transformer';
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
import { RawMember } from './raw-member.decorator.js';

/** A stop of an edited order. */
export class EditedStopDto extends ContactDto {
  @Expose()
  @IsDefined()
  @IsObject()
  @ValidateNested()
  @Type(() => CoordinatesDto)
  coordinates: CoordinatesDto;

  @RawMember()
  @IsString()
  @IsNotEmpty()
  address: string;

  /** For the driver; at most 1500 characters. Repeat what was there, or it is lost. */
  @RawMember()
  @IsOptional()
  @IsString()
  @MaxLength(LONGEST_REMARKS)
  remarks?: string;
}

/** The body of `PATCH /v3/orders/:id`: the whole route anew. Works once per order, and only while it is `ON_GOING`. */
export class EditOrderDto {
  /** The pick-up exactly as it was placed, and at least one drop-off. */
  @Expose()
  @IsArray()
  @ArrayMinSize(2, { message: 'stops must be the pick-up as it was placed and at least one drop-off' })
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => EditedStopDto)
  stops: EditedStopDto[];
}
