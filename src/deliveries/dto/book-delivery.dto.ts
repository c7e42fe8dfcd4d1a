import { IsObject, IsOptional, Matches } from 'class-validator';
import { ContactDto, IsRemarks, REMARKS } from '../../api/requests/contact.dto.js';
import { CreateQuotationDto } from '../../api/requests/create-quotation.dto.js';
import { Documented } from '../../api/requests/member-docs.js';
import { IsNested, IsNestedList, mustBe } from '../../api/requests/one-rule.decorator.js';
import { OrderOptionsDto } from '../../api/requests/order-options.dto.js';
import type { GivenPolicy } from '../domain/delivery-policy.js';
import { AMOUNT } from '../domain/money.js';
import { RawMember } from '../../api/requests/raw-member.decorator.js';
import { POLICY_SCHEMA } from './policy-schema.js';

/** An id of the host's. */
export const LABEL = /^\P{Cc}{1,200}$/u;

/** Documents an id of the host's. */
export const LINE = { type: 'string', minLength: 1, maxLength: 200, pattern: LABEL.source } as const;

/** The contact at one drop-off stop. Recipients have the same order as the drop-off stops of the quotation. */
export class DeliveryRecipientDto extends ContactDto {
  /** Remarks for the driver, at most 1500 characters. */
  @RawMember(REMARKS)
  @IsOptional()
  @IsRemarks()
  remarks?: string;
}

/** The booking of one delivery: the quotation, the contacts and the options. */
export class BookDeliveryDto extends OrderOptionsDto {
  /**
   * Your own id of the delivery, unique within the account. If you book the same reference again, you get the same
   * delivery. 1 to 200 characters.
   */
  @RawMember({ ...LINE, description: 'Your own id of the delivery, unique within the account.', example: 'order-1001' })
  @Matches(LABEL, { message: mustBe('a string of 1 to 200 characters without control characters') })
  reference: string;

  /** The account's name. If it is left out, the default account is used. */
  @RawMember({ ...LINE, required: false, description: "The account's name.", example: 'shop-hk' })
  @IsOptional()
  @Matches(LABEL, { message: mustBe('a string of 1 to 200 characters without control characters') })
  account?: string;

  /** The request for a quotation. It is sent to Lalamove again if the quotation expires before the order is placed. */
  @IsNested(() => CreateQuotationDto, mustBe('an object'))
  @Documented({ type: CreateQuotationDto, description: 'The request for a quotation.' })
  quotation: CreateQuotationDto;

  /** The contact at the first stop, the pick-up. */
  @IsNested(() => ContactDto, mustBe('an object'))
  @Documented({ type: ContactDto, description: 'The contact at the first stop, the pick-up.' })
  sender: ContactDto;

  /** The contact at each drop-off, in the order of the quotation's stops. */
  @IsNestedList(() => DeliveryRecipientDto, 1, 'a list of objects, one for each drop-off')
  @Documented({
    type: DeliveryRecipientDto,
    isArray: true,
    minItems: 1,
    description: "The contact at each drop-off, in the order of the quotation's stops.",
  })
  recipients: DeliveryRecipientDto[];

  /**
   * Your own data, which Lalamove returns with the order. Keys and values are strings. The package adds the key
   * `deliveryAttempt`.
   */
  declare metadata?: Record<string, string>;

  /**
   * The highest price, priority fee included: a decimal string in the market's currency, for example `'120.50'`.
   * A quotation above it is not ordered.
   */
  @RawMember({
    type: 'string',
    pattern: AMOUNT.source,
    required: false,
    description: 'The highest price, priority fee included: a decimal string',
    example: '120.50',
  })
  @IsOptional()
  @Matches(AMOUNT, { message: mustBe("a decimal string, such as '120.50'") })
  maxPrice?: string;

  /** The parts of the policy that differ from the module's policy. */
  @RawMember({
    ...POLICY_SCHEMA,
    required: false,
    description: "The parts of the policy that differ from the module's policy.",
    example: { raiseFee: [{ afterMinutes: 10, priorityFee: '20' }] },
  })
  @IsOptional()
  @IsObject()
  policy?: GivenPolicy;
}
