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

  /** Remarks for the driver, at most 1500 characters. They replace the old remarks, which are lost if left out. */
  @RawMember()
  @IsOptional()
  @IsString()
  @MaxLength(LONGEST_REMARKS)
  remarks?: string;
}

/** The body of `PATCH /v3/orders/:id`: the whole new route. Allowed once per order, and only while it is `ON_GOING`. */
export class EditOrderDto {
  /** The unchanged pick-up and at least one drop-off. */
  @Expose()
  @IsArray()
  @ArrayMinSize(2, { message: 'stops must be the unchanged pick-up and at least one drop-off' })
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => EditedStopDto)
  stops: EditedStopDto[];
}
