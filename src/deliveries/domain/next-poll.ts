import type { TrackedOrder } from './delivery-progress.js';
import type { DeliveryPolicy } from './delivery-policy.js';

/** Polling of a scheduled order begins this long before its pick-up. */
const AN_HOUR_MS = 60 * 60_000;

const MINUTE_MS = 60_000;

/** An order that is polled while no webhook arrives. */
interface PolledOrder {
  readonly order: TrackedOrder;
  readonly lastUpdateAt: number;
  readonly polls: number;
}

/** When to read an order next, in Unix ms; `undefined` without polling. */
export function nextPoll(
  { order: { status }, lastUpdateAt, polls }: PolledOrder,
  scheduleAt: number,
  { poll }: DeliveryPolicy,
  now: number,
): number | undefined {
  if (!poll) return undefined;
  const pauseMs = Math.min(poll.everySeconds * 2 ** Math.min(polls, 20), poll.maxSeconds) * 1000;
  // Hours before the pick-up, webhooks are enough.
  const quietUntil = status === 'ASSIGNING_DRIVER' || status === 'ON_GOING' ? scheduleAt - AN_HOUR_MS : 0;
  // A time in the future comes from a clock that was wrong: read the order now.
  const isAhead = lastUpdateAt > now + MINUTE_MS;
  return Math.max(isAhead ? now : lastUpdateAt + pauseMs, quietUntil);
}
