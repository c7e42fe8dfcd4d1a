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
import { ContactDto, LONGEST_REMARKS } from './contact.dto.js';
import { OrderOptionsDto } from './order-options.dto.js';
import { RawMember } from './raw-member.decorator.js';

/** The contact at the pick-up. */
export class SenderDto extends ContactDto {
  /** The `stopId` of the quotation's first stop. */
  @RawMember()
  @IsString()
  @IsNotEmpty()
  stopId: string;
}

/** The contact at a drop-off. */
export class RecipientDto extends ContactDto {
  /** The `stopId` of one of the quotation's other stops. */
  @RawMember()
  @IsString()
  @IsNotEmpty()
  stopId: string;

  /** Remarks for the driver, at most 1500 characters. */
  @RawMember()
  @IsOptional()
  @IsString()
  @MaxLength(LONGEST_REMARKS)
  remarks?: string;
}

/** The body of `POST /v3/orders`. The call spends money, so it is never repeated if its outcome is unknown. */
export class PlaceOrderDto extends OrderOptionsDto {
  /** From `createQuotation`, at most 5 minutes old. */
  @RawMember()
  @IsString()
  @IsNotEmpty()
  quotationId: string;

  @Expose()
  @IsDefined()
  @IsObject()
  @ValidateNested()
  @Type(() => SenderDto)
  sender: SenderDto;

  /** One recipient for each drop-off of the quotation. */
  @Expose()
  @IsArray()
  @ArrayMinSize(1)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => RecipientDto)
  recipients: RecipientDto[];
}
