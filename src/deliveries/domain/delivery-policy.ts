/**
 * What a delivery does automatically. `false` switches a part off. The limit of money (`maxPrice` of a booking) holds
 * for all parts together.
 */
export interface DeliveryPolicy {
  /**
   * What happens to an attempt of unknown outcome, `waitMinutes` after its quotation has expired.
   *
   * `'hold'`: the delivery needs attention, and a person decides with `resolve`. The promise of one courier holds for
   * this setting only.
   * `'rebook'`: it books again. **This risks money**: the first order may turn up after all. It is then cancelled if
   * Lalamove still allows it. At most as many orders as `rebook` allows are placed (two if `rebook` is off). After
   * that, a person decides.
   *
   * @default { waitMinutes: 10, then: 'hold' }
   */
  unknownOutcome: { waitMinutes: number; then: 'hold' | 'rebook' };
  /**
   * Whether to request a new quotation if one expires before it is ordered. `false`: the delivery needs attention.
   *
   * @default true
   */
  requote: boolean;
  /**
   * Priority fees while no driver accepts. Each step has the minutes after placing (or after `scheduleAt`) and the fee,
   * a decimal string. Both must grow from step to step. A fee that would raise the price above `maxPrice` is skipped.
   *
   * @default false
   */
  raiseFee: false | readonly { afterMinutes: number; priorityFee: string }[];
  /**
   * How many orders are placed at most, including the first, if drivers reject one (`REJECTED`) or no driver accepts
   * (`EXPIRED`). `false`: one.
   *
   * @default { maxAttempts: 3 }
   */
  rebook: false | { maxAttempts: number };
  /**
   * Asks for another driver if the matched driver has not picked up after `afterMinutes` (from the match, or from
   * `scheduleAt`), at most `maxChanges` times. Lalamove allows it from 15 minutes after the match on.
   *
   * @default { afterMinutes: 45, maxChanges: 1 }
   */
  changeDriver: false | { afterMinutes: number; maxChanges: number };
  /**
   * How many minutes to wait for an `ORDER_REPLACED` of customer service after a cancellation that this application did
   * not ask for. After that the delivery needs attention. (If the webhook says that the order's own account cancelled
   * it, the delivery is canceled at once.)
   *
   * @default { waitMinutes: 60 }
   */
  replacement: { waitMinutes: number };
  /**
   * Reads the order if no webhook arrives: after `everySeconds`, then with a growing interval up to `maxSeconds`. A
   * scheduled order is not polled until one hour before its pick-up. `false`: rely on webhooks alone.
   *
   * @default { everySeconds: 120, maxSeconds: 1800 }
   */
  poll: false | { everySeconds: number; maxSeconds: number };
  /**
   * After how many failures in a row, with backoff, a delivery needs attention: Lalamove is not available, or its
   * answers cannot be used.
   *
   * @default { maxFailures: 12 }
   */
  failures: { maxFailures: number };
}

/** A policy with parts, or members of parts, left out. Those keep their current values. */
export type GivenPolicy = { [Part in keyof DeliveryPolicy]?: InPart<DeliveryPolicy[Part]> };

type InPart<Part> = Part extends readonly unknown[] ? Part : Part extends object ? Partial<Part> : Part;

/** The default values of the parts that can be switched off. */
export const USUAL = {
  rebook: { maxAttempts: 3 },
  changeDriver: { afterMinutes: 45, maxChanges: 1 },
  poll: { everySeconds: 120, maxSeconds: 1800 },
} as const;

/** The policy if none is given. */
export const DEFAULT_POLICY: DeliveryPolicy = {
  unknownOutcome: { waitMinutes: 10, then: 'hold' },
  requote: true,
  raiseFee: false,
  rebook: USUAL.rebook,
  changeDriver: USUAL.changeDriver,
  replacement: { waitMinutes: 60 },
  poll: USUAL.poll,
  failures: { maxFailures: 12 },
};
