import type { Expression, ExpressionBuilder } from 'kysely';
import type { DispatchResult } from '../outbox-storage.js';
import type { DeliveriesSchema } from './deliveries-schema.js';
import { unlessErased } from './erase-delivery.js';

/** The columns that the result of a dispatch changes. */
export interface ResultColumns {
  readonly dispatch: string;
  readonly handled_by: string;
  readonly tries: number;
  readonly next_try_at: number | null;
  readonly blocked_on: string | null;
  readonly error: Expression<string | null> | null;
}

/** Converts the result of a dispatch. The error is not stored if the delivery is erased. */
export function resultColumns(
  event: ExpressionBuilder<DeliveriesSchema, 'delivery_events'>,
  { status, handledBy, tries, nextTryAt, blockedOn, error }: DispatchResult,
): ResultColumns {
  return {
    dispatch: status,
    handled_by: JSON.stringify(handledBy),
    tries,
    next_try_at: nextTryAt ?? null,
    blocked_on: blockedOn ?? null,
    error: error === undefined ? null : unlessErased(event, storableText(error)),
  };
}

/** PostgreSQL cannot store a NUL character, and a handler may throw any text. */
function storableText(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}
