import { IsBoolean, IsOptional, IsString, ValidateBy } from 'class-validator';
import { isStringMap } from '../is-record.js';

/** What may be asked for with an order, whoever places it: the host itself, or a delivery of its. */
export abstract class OrderOptionsDto {
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
function IsStringMap(): PropertyDecorator {
  return ValidateBy({
    name: 'isStringMap',
    validator: {
      validate: isStringMap,
      defaultMessage: () => '$property must be an object whose values are all strings',
    },
  });
}
