import { IsNotEmpty, IsString, Matches } from 'class-validator';
import { RawMember } from './raw-member.decorator.js';

/** Phone numbers are sent in E.164; Lalamove checks further, by market. */
export const E164 = /^\+[1-9]\d{1,14}$/;

/** How many characters the remarks for a driver may have. */
export const LONGEST_REMARKS = 1500;

/** A person at a stop. */
export class ContactDto {
  @RawMember()
  @IsString()
  @IsNotEmpty()
  name: string;

  /** E.164, e.g. `+85290000000`. */
  @RawMember()
  @Matches(E164, { message: 'phone must be in E.164 form, such as +85290000000' })
  phone: string;
}
