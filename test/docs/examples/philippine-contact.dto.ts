// philippine-contact.dto.ts
import { Transform } from 'class-transformer';
import { ContactDto, toE164 } from 'nestjs-lalamove';

/** A person whose phone may be written as it is dialled in the Philippines. */
export class PhilippineContactDto extends ContactDto {
  @Transform(({ value }: { value: string }) => toE164(value, 'PH'))
  declare phone: string;
}
