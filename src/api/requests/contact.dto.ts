import { IsNotEmpty, IsString, Matches } from 'class-validator';
import { RawMember } from './raw-member.decorator.js';

/** Phone numbers are sent in E.164 form. Lalamove has further rules for each market. */
export const E164 = /^\+[1-9]\d{1,14}$/;

/** The maximum length of the remarks for a driver, in characters. */
export const LONGEST_REMARKS = 1500;

/** A person at a stop. */
export class ContactDto {
  @RawMember()
  @IsString()
  @IsNotEmpty()
  name: string;

  /** In E.164 form, e.g. `+85290000000`. */
  @RawMember()
  @Matches(E164, { message: 'phone must be in E.164 form, such as +85290000000' })
  phone: string;
}
