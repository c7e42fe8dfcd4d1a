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

/** Told of the work as it happens, for traces and metrics. What a hook throws is ignored; a promise of one for a step is waited for. */
export interface DeliveriesHooks {
  /** Before and after each step; `reserving` is told before it is decided whether to book. */
  onStep?: (step: DeliveryStep, reference: string) => void | Promise<void>;
}

/** Tells the hooks of a step; it never rejects. */
export async function tellStep({ onStep }: DeliveriesHooks, step: DeliveryStep, reference: string): Promise<void> {
  try {
    await onStep?.(step, reference);
  } catch {
    // A hook watches, and changes nothing.
  }
}
