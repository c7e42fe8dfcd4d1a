import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsDefined,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  MaxLength,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import { ContactDto, LONGEST_REMARKS } from './contact.dto.js';
import { isStringMap } from '../is-record.js';

/** The contact at the pick-up. */
export class SenderDto extends ContactDto {
  /** The `stopId` of the quotation's first stop. */
  @IsString()
  @IsNotEmpty()
  stopId: string;
}

/** The contact at a drop-off. */
export class RecipientDto extends ContactDto {
  /** The `stopId` of one of the quotation's further stops. */
  @IsString()
  @IsNotEmpty()
  stopId: string;

  /** For the driver; at most 1500 characters. */
  @IsOptional()
  @IsString()
  @MaxLength(LONGEST_REMARKS)
  remarks?: string;
}

/** The body of `POST /v3/orders`. It spends money: it is never sent twice on a guess. */
export class PlaceOrderDto {
  /** From `createQuotation`, at most 5 minutes old. */
  @IsString()
  @IsNotEmpty()
  quotationId: string;

  @IsDefined()
  @IsObject()
  @ValidateNested()
  @Type(() => SenderDto)
  sender: SenderDto;

  /** One for each drop-off of the quotation. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(15)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => RecipientDto)
  recipients: RecipientDto[];

  /** Whether the driver has to bring a proof of delivery. */
  @IsOptional()
  @IsBoolean()
  isPODEnabled?: boolean;

  /** Whether the recipients get a text message. Not in Lalamove's guide, but served. */
  @IsOptional()
  @IsBoolean()
  isRecipientSMSEnabled?: boolean;

  /** A partner id that Lalamove has given you. */
  @IsOptional()
  @IsString()
  partner?: string;

  /** Comes back with the order; keys and values are strings. */
  @IsOptional()
  @IsStringMap()
  metadata?: Record<string, string>;
}

/** Checks for an object whose values are all strings. */
export function IsStringMap(): PropertyDecorator {
  return ValidateBy({
    name: 'isStringMap',
    validator: {
      validate: isStringMap,
      defaultMessage: () => '$property must be an object whose values are all strings',
    },
  });
}
