import { IsBoolean, IsOptional, IsString, ValidateBy, type ValidationArguments } from 'class-validator';
import { isStringMap } from '../../internal/is-record.js';
import { isSmallMetadata, MAX_METADATA_BYTES } from './metadata-limit.js';
import { RawMember } from './raw-member.decorator.js';

/** The options of an order, shared by `placeOrder` and `deliveries.book`. */
export abstract class OrderOptionsDto {
  /** Whether the driver must record a proof of delivery. */
  @RawMember({
    type: 'boolean',
    required: false,
    description: 'Whether the driver must record a proof of delivery.',
  })
  @IsOptional()
  @IsBoolean()
  isPODEnabled?: boolean;

  /** Whether the recipients get a text message. Lalamove supports it, but its guide does not mention it. */
  @RawMember({ type: 'boolean', required: false, description: 'Whether the recipients get a text message.' })
  @IsOptional()
  @IsBoolean()
  isRecipientSMSEnabled?: boolean;

  /** A partner id that you got from Lalamove. */
  @RawMember({
    type: 'string',
    required: false,
    description: 'A partner id that you got from Lalamove.',
    example: 'partner-1',
  })
  @IsOptional()
  @IsString()
  partner?: string;

  /** Your own data, which Lalamove returns with the order. Keys and values are strings; at most 65536 bytes as JSON. */
  @RawMember({
    type: 'object',
    additionalProperties: { type: 'string' },
    required: false,
    description: 'Your own data, which Lalamove returns with the order.',
    example: { reference: 'A-1' },
  })
  @IsOptional()
  @IsMetadata()
  metadata?: Record<string, string>;
}

/** Validates strings by their names, within the limit of this package. */
function IsMetadata(): PropertyDecorator {
  return ValidateBy({
    name: 'isMetadata',
    validator: {
      validate: (value: unknown) => isStringMap(value) && isSmallMetadata(value),
      defaultMessage: (wrong?: ValidationArguments) =>
        isStringMap(wrong?.value)
          ? `$property must be at most ${MAX_METADATA_BYTES} bytes as JSON`
          : '$property must be an object whose values are all strings',
    },
  });
}
