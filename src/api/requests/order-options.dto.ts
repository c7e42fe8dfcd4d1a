import { IsBoolean, IsOptional, IsString, ValidateBy } from 'class-validator';
import { isStringMap } from '../../internal/is-record.js';
import { isSmallMetadata, MAX_METADATA_BYTES } from './metadata-limit.js';
import { RawMember } from './raw-member.decorator.js';

/** The options of an order, shared by `placeOrder` and `deliveries.book`. */
export abstract class OrderOptionsDto {
  /** Whether the driver must record a proof of delivery. */
  @RawMember()
  @IsOptional()
  @IsBoolean()
  isPODEnabled?: boolean;

  /** Whether the recipients get a text message. Lalamove supports it, but its guide does not mention it. */
  @RawMember()
  @IsOptional()
  @IsBoolean()
  isRecipientSMSEnabled?: boolean;

  /** A partner id that you got from Lalamove. */
  @RawMember()
  @IsOptional()
  @IsString()
  partner?: string;

  /** Your own data, which Lalamove returns with the order. Keys and values are strings; at most 65536 bytes as JSON. */
  @RawMember()
  @IsOptional()
  @IsStringMap()
  @IsSmallMetadata()
  metadata?: Record<string, string>;
}

/** Validates an object whose values are all strings. */
function IsStringMap(): PropertyDecorator {
  return ValidateBy({
    name: 'isStringMap',
    validator: {
      validate: isStringMap,
      defaultMessage: () => '$property must be an object whose values are all strings',
    },
  });
}

/** Validates that metadata are within the limit of this package. */
function IsSmallMetadata(): PropertyDecorator {
  return ValidateBy({
    name: 'isSmallMetadata',
    validator: {
      validate: isSmallMetadata,
      defaultMessage: () => `$property must be at most ${MAX_METADATA_BYTES} bytes as JSON`,
    },
  });
}
