import { Logger } from '@nestjs/common';
import { logLine, say } from '../internal/log-line.js';
import { TimeoutError, withTimeout } from '../internal/with-timeout.js';

/** A step of the work on a delivery, at which a crash or a second process could strike. */
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
  | 'handing_over'
  | 'handed_over';

/**
 * Told of the work as it happens, for traces and metrics. What a hook throws is ignored; a promise of one for a step is
 * waited for, 5 seconds at the most.
 */
export interface DeliveriesHooks {
  /** Before and after each step; `reserving` is told before it is decided whether to book. */
  onStep?: (step: DeliveryStep, reference: string) => void | Promise<void>;
}

/** How long a step waits for a hook, in ms: a hook that hangs must not keep a webhook from its answer. */
const HOOK_TIMEOUT_MS = 5000;

const logger = new Logger('LalamoveDeliveries');

/** Hooks that have taken too long: that is said once. */
const slow = new WeakSet<DeliveriesHooks>();

/** Tells the hooks of a step; it never rejects, and waits no longer than it may. */
export async function reportStep(hooks: DeliveriesHooks, step: DeliveryStep, reference: string): Promise<void> {
  if (!hooks.onStep) return;
  try {
    const told = hooks.onStep(step, reference);
    if (told === undefined) return;
    await withTimeout(HOOK_TIMEOUT_MS, 'hooks.onStep', told, { keepsAlive: false });
  } catch (error) {
    // A hook watches, and changes nothing.
    if (!(error instanceof TimeoutError) || slow.has(hooks)) return;
    slow.add(hooks);
    const what = 'A hook gives no answer, and the work goes on without it: let onStep return at once, or in time';
    say(logger, 'warn', logLine(what, { step, timeout_seconds: HOOK_TIMEOUT_MS / 1000 }));
  }
}
