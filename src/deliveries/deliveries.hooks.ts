import { Logger } from '@nestjs/common';
import { logLine, say } from '../internal/log-line.js';
import { TimeoutError, withTimeout } from '../internal/with-timeout.js';

/** A step in the processing of a delivery. A crash or a change by another process can occur between two steps. */
export type DeliveryStep =
  | 'claimed'
  | 'quoting'
  | 'quoted'
  | 'reserving'
  | 'reserved'
  | 'posting'
  | 'posted'
  | 'committed'
  | 'reading'
  | 'read'
  | 'canceling'
  | 'canceled'
  | 'raising_fee'
  | 'changing_driver'
  | 'released'
  | 'event_stored'
  | 'event_applied'
  | 'dispatching'
  | 'dispatched';

/**
 * Functions that are called while deliveries are processed, for traces and metrics. An error of a hook is ignored. If a
 * hook returns a promise, the step waits for it, for at most 5 seconds.
 */
export interface DeliveriesHooks {
  /** Called before or after each step. `reserving` comes before the decision to book. */
  onStep?: (step: DeliveryStep, reference: string) => void | Promise<void>;
}

/** The maximum time that a step waits for a hook, in ms. A hook that hangs must not block the response to a webhook. */
const HOOK_TIMEOUT_MS = 5000;

const logger = new Logger('LalamoveDeliveries');

/** Hooks that have timed out: the warning is logged once. */
const slow = new WeakSet<DeliveriesHooks>();

/** Calls the hook for a step and waits for it, up to the timeout. It never rejects. */
export async function reportStep(hooks: DeliveriesHooks, step: DeliveryStep, reference: string): Promise<void> {
  if (!hooks.onStep) return;
  try {
    const returned = hooks.onStep(step, reference);
    if (returned === undefined) return;
    await withTimeout(HOOK_TIMEOUT_MS, 'hooks.onStep', returned, { keepsAlive: false });
  } catch (error) {
    // A hook that fails must not affect the delivery.
    if (!(error instanceof TimeoutError) || slow.has(hooks)) return;
    slow.add(hooks);
    const what = 'A hook timed out, and the work goes on without it: let onStep return at once, or before the timeout';
    say(logger, 'warn', logLine(what, { step, timeout_seconds: HOOK_TIMEOUT_MS / 1000 }));
  }
}
