import { IsOptional } from 'class-validator';
import { CoordinatesDto } from './coordinates.dto.js';
import { ContactDto, IsRemarks, REMARKS } from './contact.dto.js';
import { Documented } from './member-docs.js';
import { IsFilledString, IsNested, IsNestedList, mustBe } from './one-rule.decorator.js';
import { RawMember } from './raw-member.decorator.js';

/** A stop of an edited order. */
export class EditedStopDto extends ContactDto {
  /** Where the stop is. */
  @IsNested(() => CoordinatesDto, mustBe('an object: { lat, lng }'))
  @Documented({ type: CoordinatesDto, description: 'Where the stop is.' })
  coordinates: CoordinatesDto;

  /** The address in words. */
  @RawMember({ type: 'string', minLength: 1, description: 'The address in words.', example: 'Victoria Peak' })
  @IsFilledString()
  address: string;

  /** Remarks for the driver, at most 1500 characters. They replace the old remarks, which are lost if left out. */
  @RawMember(REMARKS)
  @IsOptional()
  @IsRemarks()
  remarks?: string;
}

/** The body of `PATCH /v3/orders/:id`: the whole new route. Allowed once per order, and only while it is `ON_GOING`. */
export class EditOrderDto {
  /** The unchanged pick-up and at least one drop-off. */
  @IsNestedList(() => EditedStopDto, 2, 'a list of objects: the unchanged pick-up and at least one drop-off')
  @Documented({
    type: EditedStopDto,
    isArray: true,
    minItems: 2,
    description: 'The unchanged pick-up and at least one drop-off.',
  })
  stops: EditedStopDto[];
}
