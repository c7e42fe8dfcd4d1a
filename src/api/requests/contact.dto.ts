import { isString, Matches, maxLength } from 'class-validator';
import type { MemberDocs } from './member-docs.js';
import { IsFilledString, mustBe, OneRule } from './one-rule.decorator.js';
import { RawMember } from './raw-member.decorator.js';

/** Phone numbers are sent in E.164 form. Lalamove has further rules for each market. */
export const E164 = /^\+[1-9]\d{1,14}$/;

/** The maximum length of the remarks for a driver, in characters. */
export const LONGEST_REMARKS = 1500;

/** Documents the remarks for a driver. */
export const REMARKS: MemberDocs = {
  type: 'string',
  maxLength: LONGEST_REMARKS,
  required: false,
  description: 'Remarks for the driver, at most 1500 characters.',
  example: 'Ring twice.',
};

/** A person at a stop. */
export class ContactDto {
  /** The name of the person or the shop. */
  @RawMember({ type: 'string', minLength: 1, description: 'The name of the person or the shop.', example: 'Ada Wong' })
  @IsFilledString()
  name: string;

  /** In E.164 form, e.g. `+85290000000`. */
  @RawMember({
    type: 'string',
    pattern: E164.source,
    description: 'In E.164 form, e.g. `+85290000000`.',
    example: '+85290000000',
  })
  @Matches(E164, { message: mustBe('in E.164 form, such as +85290000000') })
  phone: string;
}

/** Validates the remarks for a driver. */
export function IsRemarks(): PropertyDecorator {
  const isRemarks = (value: unknown): boolean => isString(value) && maxLength(value, LONGEST_REMARKS);
  return OneRule('isRemarks', `a string of at most ${LONGEST_REMARKS} characters`, isRemarks);
}
