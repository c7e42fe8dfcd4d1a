import { Equals, IsObject, IsOptional, Matches } from 'class-validator';
import { ContactDto } from '../../api/requests/contact.dto.js';
import { CreateQuotationDto } from '../../api/requests/create-quotation.dto.js';
import { Documented, documentOptional } from '../../api/requests/member-docs.js';
import { IsNested, IsNestedList, mustBe } from '../../api/requests/one-rule.decorator.js';
import { OrderOptionsDto } from '../../api/requests/order-options.dto.js';
import { RawMember } from '../../api/requests/raw-member.decorator.js';
import type { GivenPolicy } from '../domain/delivery-policy.js';
import { AMOUNT } from '../domain/money.js';
import { DeliveryRecipientDto, LABEL, LINE } from './book-delivery.dto.js';
import { POLICY_SCHEMA } from './policy-schema.js';

/** An id of an order at Lalamove. */
export const ORDER_ID = /^\d{1,30}$/;

/** Members of a DTO that may be left out, or be `null` to remove them. */
type Changed<Dto> = { [Member in keyof Dto]?: Dto[Member] | null };

const ChangedContact: new () => Changed<ContactDto> = ContactDto;
const ChangedRecipient: new () => Changed<DeliveryRecipientDto> = DeliveryRecipientDto;
const ChangedQuotation: new () => Changed<CreateQuotationDto> = CreateQuotationDto;

/** The corrected members of a sender. */
export class ContactChangesDto extends ChangedContact {}

/** The corrected members of a recipient. `remarks: null` removes the remarks. */
export class RecipientChangesDto extends ChangedRecipient {}

/** The corrected members of a quotation. A list (`stops`) replaces the whole list; `null` removes a member. */
export class QuotationChangesDto extends ChangedQuotation {}

/** The inherited rules stay, but a member may be left out or be `null`. */
const OPTIONAL: [dto: { prototype: object }, members: string[]][] = [
  [ContactChangesDto, ['name', 'phone']],
  [RecipientChangesDto, ['name', 'phone']],
  [QuotationChangesDto, ['serviceType', 'language', 'stops']],
];
for (const [dto, members] of OPTIONAL) {
  for (const member of members) IsOptional()(dto.prototype, member);
  documentOptional(dto, members);
}

/**
 * What a person corrects in the request of a delivery. A member that is left out stays, and `null` removes it.
 * `sender`, `quotation` and each entry of `recipients` are merged member by member; everything else replaces the old
 * value.
 */
export class DeliveryChangesDto extends OrderOptionsDto {
  /** The corrected members, for example `{ stops }` or `{ scheduleAt: null }`. */
  @IsOptional()
  @IsNested(() => QuotationChangesDto, mustBe('an object'))
  @Documented({
    type: QuotationChangesDto,
    required: false,
    description: 'The corrected members, for example `{ stops }` or `{ scheduleAt: null }`.',
  })
  quotation?: QuotationChangesDto;

  /** The corrected members, for example `{ phone }`. */
  @IsOptional()
  @IsNested(() => ContactChangesDto, mustBe('an object'))
  @Documented({
    type: ContactChangesDto,
    required: false,
    description: 'The corrected members, for example `{ phone }`.',
  })
  sender?: ContactChangesDto;

  /** One entry for each recipient, in the same order; `{}` leaves a recipient as it is. */
  @IsOptional()
  @IsNestedList(() => RecipientChangesDto, 1, 'a list of objects, one for each recipient')
  @Documented({
    type: RecipientChangesDto,
    isArray: true,
    minItems: 1,
    required: false,
    description: 'One entry for each recipient, in the same order; `{}` leaves a recipient as it is.',
  })
  recipients?: RecipientChangesDto[];

  /** Replaces the policy of the booking. */
  @RawMember({
    ...POLICY_SCHEMA,
    required: false,
    description: 'Replaces the policy of the booking.',
    example: { rebook: false },
  })
  @IsOptional()
  @IsObject()
  policy?: GivenPolicy;
}

/**
 * How a person resolves a delivery that needs attention, for `@Body()`: exactly one of `orderId`, `rebook` and
 * `cancel`. `resolve` checks that it is one of them.
 */
export class ResolveDeliveryDto {
  /** The delivery has this order at Lalamove. */
  @RawMember({
    type: 'string',
    pattern: ORDER_ID.source,
    required: false,
    description: 'The delivery has this order at Lalamove.',
    example: '3394517965935702476',
  })
  @IsOptional()
  @Matches(ORDER_ID, { message: mustBe('the digits of an order id') })
  orderId?: string;

  /** `true`: certainly no order is active, and the delivery is booked again. */
  @RawMember({
    type: 'boolean',
    enum: [true],
    required: false,
    description: '`true`: certainly no order is active, and the delivery is booked again.',
  })
  @IsOptional()
  @Equals(true, { message: mustBe('true, or left out') })
  rebook?: true;

  /** With `rebook`: the new highest price, a decimal string in the market's currency. */
  @RawMember({
    type: 'string',
    pattern: AMOUNT.source,
    required: false,
    description: 'With `rebook`: the new highest price, a decimal string',
    example: '120.50',
  })
  @IsOptional()
  @Matches(AMOUNT, { message: mustBe("a decimal string, such as '120.50'") })
  maxPrice?: string;

  /** `true`: certainly no order is active, and the delivery is no longer wanted. */
  @RawMember({
    type: 'boolean',
    enum: [true],
    required: false,
    description: '`true`: certainly no order is active, and the delivery is no longer wanted.',
  })
  @IsOptional()
  @Equals(true, { message: mustBe('true, or left out') })
  cancel?: true;

  /** With `rebook`: what is corrected in the request. */
  @IsOptional()
  @IsNested(() => DeliveryChangesDto, mustBe('an object'))
  @Documented({
    type: DeliveryChangesDto,
    required: false,
    description: 'With `rebook`: what is corrected in the request.',
  })
  changes?: DeliveryChangesDto;

  /** Who decides, as an id of yours. The timeline keeps it, also after `forget`. */
  @RawMember({
    ...LINE,
    required: false,
    description: 'Who decides, as an id of yours.',
    example: 'clerk-7',
  })
  @IsOptional()
  @Matches(LABEL, { message: mustBe('a string of 1 to 200 characters without control characters') })
  by?: string;
}

/** How a person resolves a delivery that needs attention: exactly one of three ways. */
export type ResolveDelivery =
  /** The delivery has this order at Lalamove. The package reads the order and tracks it from there. */
  | { orderId: string; by?: string }
  /**
   * The person is sure that no order is active. The delivery is booked again, with `maxPrice` if it is given, and with
   * a corrected request if there are `changes`. In all three ways `by` says who has decided.
   */
  | { rebook: true; maxPrice?: string; changes?: DeliveryChangesDto; by?: string }
  /** The person is sure that no order is active, and the delivery is no longer wanted. */
  | { cancel: true; by?: string };
