import { Expose, Type } from 'class-transformer';
import {
  ArrayMinSize,
  IsArray,
  IsDefined,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { ContactDto, LONGEST_REMARKS } from '../../api/requests/contact.dto.js';
import { CreateQuotationDto } from '../../api/requests/create-quotation.dto.js';
import { OrderOptionsDto } from '../../api/requests/order-options.dto.js';
import type { GivenPolicy } from '../domain/delivery-policy.js';
import { RawMember } from '../../api/requests/raw-member.decorator.js';

/** The contact at one drop-off stop. Recipients have the same order as the drop-off stops of the quotation. */
export class DeliveryRecipientDto extends ContactDto {
  /** Remarks for the driver; at most 1500 characters. */
  @RawMember()
  @IsOptional()
  @IsString()
  @MaxLength(LONGEST_REMARKS)
  remarks?: string;
}

/** The booking of one delivery: the quotation, the contacts and the options. */
export class BookDeliveryDto extends OrderOptionsDto {
  /**
   * Your own id of the delivery, unique within the account. If you book the same reference again, you get the same
   * delivery. 1 to 200 characters.
   */
  @RawMember()
  @Matches(/^\P{Cc}{1,200}$/u, {
    message: 'reference must be a string of 1 to 200 characters without control characters',
  })
  reference: string;

  /** The account's name. If it is left out, the default account is used. */
  @RawMember()
  @IsOptional()
  @Matches(/^\P{Cc}{1,200}$/u, {
    message: 'account must be a string of 1 to 200 characters without control characters',
  })
  account?: string;

  /** The request for a quotation. It is sent to Lalamove again if the quotation expires before the order is placed. */
  @Expose()
  @IsDefined()
  @IsObject()
  @ValidateNested()
  @Type(() => CreateQuotationDto)
  quotation: CreateQuotationDto;

  /** The contact at the first stop, the pick-up. */
  @Expose()
  @IsDefined()
  @IsObject()
  @ValidateNested()
  @Type(() => ContactDto)
  sender: ContactDto;

  /** The contact at each drop-off, in the order of the quotation's stops. */
  @Expose()
  @IsArray()
  @ArrayMinSize(1)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => DeliveryRecipientDto)
  recipients: DeliveryRecipientDto[];

  /** Lalamove returns it with the order. Keys and values are strings. The package adds the key `deliveryAttempt`. */
  declare metadata?: Record<string, string>;

  /**
   * The highest price, priority fee included: a decimal string in the market's currency, for example `'120.50'`.
   * A quotation above it is not ordered.
   */
  @RawMember()
  @IsOptional()
  @Matches(/^\d{1,15}(\.\d{1,6})?$/, { message: "maxPrice must be a decimal string, such as '120.50'" })
  maxPrice?: string;

  /** The parts of the policy that differ from the module's policy. */
  @RawMember()
  @IsOptional()
  @IsObject()
  policy?: GivenPolicy;
}

/** How a person resolves a delivery that needs attention: exactly one of three ways. */
export type ResolveDelivery =
  /** The delivery has this order at Lalamove. The package reads the order and tracks it from there. */
  | { orderId: string }
  /** The person is sure that no order is active. The delivery is booked again, with `maxPrice` if it is given. */
  | { rebook: true; maxPrice?: string }
  /** The person is sure that no order is active, and the delivery is no longer wanted. */
  | { cancel: true };
