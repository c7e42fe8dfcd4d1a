import { IsBoolean, IsOptional, IsString, ValidateBy } from 'class-validator';
import { isStringMap } from '../../internal/is-record.js';
import { isSmallMetadata, MAX_METADATA_BYTES } from './metadata-limit.js';
import { RawMember } from './raw-member.decorator.js';

/** What may be asked for with an order, whoever places it: the host itself, or a delivery of its. */
export abstract class OrderOptionsDto {
  /** Whether the driver has to bring a proof of delivery. */
  @RawMember()
  @IsOptional()
  @IsBoolean()
  isPODEnabled?: boolean;

  /** Whether the recipients get a text message. Not in Lalamove's guide, but served. */
  @RawMember()
  @IsOptional()
  @IsBoolean()
  isRecipientSMSEnabled?: boolean;

  /** A partner id that Lalamove has given you. */
  @RawMember()
  @IsOptional()
  @IsString()
  partner?: string;

  /** Comes back with the order; keys and values are strings. At most 65536 bytes as JSON in UTF-8. */
  @RawMember()
  @IsOptional()
  @IsStringMap()
  @IsSmallMetadata()
  metadata?: Record<string, string>;
}

/** Checks for an object whose values are all strings. */
function IsStringMap(): PropertyDecorator {
  return ValidateBy({
    name: 'isStringMap',
    validator: {
      validate: isStringMap,
      defaultMessage: () => '$property must be an object whose values are all strings',
    },
  });
}

/** Checks for metadata within the limit of this package. */
function IsSmallMetadata(): PropertyDecorator {
  return ValidateBy({
    name: 'isSmallMetadata',
    validator: {
      validate: isSmallMetadata,
      defaultMessage: () => `$property must be at most ${MAX_METADATA_BYTES} bytes as JSON`,
    },
  });
}
