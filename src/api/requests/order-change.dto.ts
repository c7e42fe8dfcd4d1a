import { IsIn, Matches, ValidateBy } from 'class-validator';
import { mustBe } from './one-rule.decorator.js';
import { RawMember } from './raw-member.decorator.js';
import { isWebhookUrl } from './webhook-url.js';

/** A decimal number above zero. */
const PRIORITY_FEE = /^(?=.*[1-9])\d+(\.\d+)?$/;

/** The body of `POST /v3/orders/:id/priority-fee`. Each fee replaces the last one and must be higher. */
export class AddPriorityFeeDto {
  /** A decimal string in the market's currency, e.g. `'20'` or `'4.50'`. */
  @RawMember({
    type: 'string',
    pattern: PRIORITY_FEE.source,
    description: "A decimal string in the market's currency",
    example: '20',
  })
  @Matches(PRIORITY_FEE, {
    message: mustBe('a decimal string above zero, such as "20" or "4.50"'),
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
  /** Why the driver must be changed. */
  @RawMember({
    type: 'string',
    enum: CHANGE_DRIVER_REASONS,
    description: 'Why the driver must be changed.',
    example: 'DRIVER_LATE',
  })
  @IsIn(CHANGE_DRIVER_REASONS)
  reason: ChangeDriverReason;
}

/** The body of `PATCH /v3/webhook`. */
export class SetWebhookUrlDto {
  /** An absolute http or https URL, which must answer an empty `POST` with 200 when this is sent. */
  @RawMember({
    type: 'string',
    format: 'uri',
    description: 'An absolute http or https URL',
    example: 'https://shop.example/webhooks/lalamove',
  })
  @ValidateBy(
    { name: 'isWebhookUrl', validator: { validate: isWebhookUrl } },
    { message: mustBe('an absolute http or https URL, without credentials or fragment') },
  )
  url: string;
}
