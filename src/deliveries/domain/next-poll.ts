import type { TrackedOrder } from './delivery-progress.js';
import type { DeliveryPolicy } from './delivery-policy.js';

/** Polling of a scheduled order begins so long before its pick-up. */
const AN_HOUR_MS = 60 * 60_000;

const MINUTE_MS = 60_000;

/** An order that is polled while webhooks are silent. */
interface PolledOrder {
  readonly order: TrackedOrder;
  readonly lastUpdateAt: number;
  readonly polls: number;
}

/** When an order is read next: Unix ms; `undefined` without polling. */
export function nextPoll(
  { order: { status }, lastUpdateAt, polls }: PolledOrder,
  scheduleAt: number,
  { poll }: DeliveryPolicy,
  now: number,
): number | undefined {
  if (!poll) return undefined;
  const pauseMs = Math.min(poll.everySeconds * 2 ** Math.min(polls, 20), poll.maxSeconds) * 1000;
  // Nothing happens to an order hours before its pick-up that a webhook would not tell.
  const quietUntil = status === 'ASSIGNING_DRIVER' || status === 'ON_GOING' ? scheduleAt - AN_HOUR_MS : 0;
  // What was heard of in the future was heard of by a clock that was wrong: a read tells.
  const isAhead = lastUpdateAt > now + MINUTE_MS;
  return Math.max(isAhead ? now : lastUpdateAt + pauseMs, quietUntil);
}
