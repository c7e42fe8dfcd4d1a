import { IsOptional } from 'class-validator';
import { ContactDto, IsRemarks, REMARKS } from './contact.dto.js';
import { Documented } from './member-docs.js';
import { IsFilledString, IsNested, IsNestedList, mustBe } from './one-rule.decorator.js';
import { OrderOptionsDto } from './order-options.dto.js';
import { RawMember } from './raw-member.decorator.js';

/** Documents the id of a quotation or of a stop. */
const ID = { type: 'string', minLength: 1, example: '3394517965935702476' } as const;

/** The contact at the pick-up. */
export class SenderDto extends ContactDto {
  /** The `stopId` of the quotation's first stop. */
  @RawMember({ ...ID, description: "The `stopId` of the quotation's first stop." })
  @IsFilledString()
  stopId: string;
}

/** The contact at a drop-off. */
export class RecipientDto extends ContactDto {
  /** The `stopId` of one of the quotation's other stops. */
  @RawMember({ ...ID, description: "The `stopId` of one of the quotation's other stops." })
  @IsFilledString()
  stopId: string;

  /** Remarks for the driver, at most 1500 characters. */
  @RawMember(REMARKS)
  @IsOptional()
  @IsRemarks()
  remarks?: string;
}

/** The body of `POST /v3/orders`. The call spends money, so it is never repeated if its outcome is unknown. */
export class PlaceOrderDto extends OrderOptionsDto {
  /** The id of a quotation that is at most 5 minutes old, from `createQuotation`. */
  @RawMember({ ...ID, description: 'The id of a quotation that is at most 5 minutes old' })
  @IsFilledString()
  quotationId: string;

  /** The contact at the pick-up. */
  @IsNested(() => SenderDto, mustBe('an object'))
  @Documented({ type: SenderDto, description: 'The contact at the pick-up.' })
  sender: SenderDto;

  /** One recipient for each drop-off of the quotation. */
  @IsNestedList(() => RecipientDto, 1, 'a list of objects, one for each drop-off')
  @Documented({
    type: RecipientDto,
    isArray: true,
    minItems: 1,
    description: 'One recipient for each drop-off of the quotation.',
  })
  recipients: RecipientDto[];
}
