import { IsIn, Matches, ValidateBy } from 'class-validator';
import { RawMember } from './raw-member.decorator.js';
import { isWebhookUrl } from './webhook-url.js';

/** The body of `POST /v3/orders/:id/priority-fee`. Each fee replaces the last one and must be higher. */
export class AddPriorityFeeDto {
  /** A decimal string in the market's currency, e.g. `'20'` or `'4.50'`. */
  @RawMember()
  @Matches(/^(?=.*[1-9])\d+(\.\d+)?$/, {
    message: 'priorityFee must be a decimal string above zero, such as "20" or "4.50"',
  })
  priorityFee: string;
}

/** The reasons for which Lalamove changes the driver. */
export const CHANGE_DRIVER_REASONS = [
  'DRIVER_LATE',
  'DRIVER_ASKED_CHANGE',
  'DRIVER_UNRESPONSIVE',
  'DRIVER_RUDE',
] as const;

/** The reasons for which Lalamove changes the driver. */
export type ChangeDriverReason = (typeof CHANGE_DRIVER_REASONS)[number];

/** The body of `DELETE /v3/orders/:id/drivers/:driverId`. */
export class ChangeDriverDto {
  @RawMember()
  @IsIn(CHANGE_DRIVER_REASONS)
  reason: ChangeDriverReason;
}

/** The body of `PATCH /v3/webhook`. */
export class SetWebhookUrlDto {
  /** An absolute http or https URL, which must answer an empty `POST` with 200 when this is sent. */
  @RawMember()
  @ValidateBy(
    { name: 'isWebhookUrl', validator: { validate: isWebhookUrl } },
    { message: 'url must be an absolute http or https URL, without credentials or fragment' },
  )
  url: string;
}
