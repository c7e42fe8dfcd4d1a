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

/** The contact at a drop-off, in the order of the quotation's stops. */
export class DeliveryRecipientDto extends ContactDto {
  /** For the driver; at most 1500 characters. */
  @RawMember()
  @IsOptional()
  @IsString()
  @MaxLength(LONGEST_REMARKS)
  remarks?: string;
}

/** What is to be delivered. */
export class BookDeliveryDto extends OrderOptionsDto {
  /** Your own id of the thing to deliver, unique within the account: booking it again gives the same delivery. 1 to 200 characters. */
  @RawMember()
  @Matches(/^\P{Cc}{1,200}$/u, { message: 'reference must be a text of 1 to 200 characters' })
  reference: string;

  /** The account's name; left out for the default one. */
  @RawMember()
  @IsOptional()
  @Matches(/^\P{Cc}{1,200}$/u, { message: 'account must be a text of 1 to 200 characters' })
  account?: string;

  /** What is asked of Lalamove, as often as a quotation expires. */
  @Expose()
  @IsDefined()
  @IsObject()
  @ValidateNested()
  @Type(() => CreateQuotationDto)
  quotation: CreateQuotationDto;

  /** Who is to be found at the first stop. */
  @Expose()
  @IsDefined()
  @IsObject()
  @ValidateNested()
  @Type(() => ContactDto)
  sender: ContactDto;

  /** Who is to be found at each further stop. */
  @Expose()
  @IsArray()
  @ArrayMinSize(1)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => DeliveryRecipientDto)
  recipients: DeliveryRecipientDto[];

  /** Comes back with the order; keys and values are strings. `deliveryAttempt` is added to it. */
  declare metadata?: Record<string, string>;

  /** What it may cost at the most, priority fee included: a decimal string in the market's currency, e.g. `'120.50'`. */
  @RawMember()
  @IsOptional()
  @Matches(/^\d{1,15}(\.\d{1,6})?$/, { message: "maxPrice must be a decimal string, such as '120.50'" })
  maxPrice?: string;

  /** What differs from the module's policy. */
  @RawMember()
  @IsOptional()
  @IsObject()
  policy?: GivenPolicy;
}

/** What a person has found out of a delivery that needs attention: one of the three. */
export type ResolveDelivery =
  /** Its order is this one. It is read, and followed from there. */
  | { orderId: string }
  /** There surely is no order on its way: it is booked again, at `maxPrice` if that is another now. */
  | { rebook: true; maxPrice?: string }
  /** It is not to be delivered any more, and there surely is no order on its way. */
  | { cancel: true };
