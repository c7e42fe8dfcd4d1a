/** What a delivery does by itself. Each part can be switched off by `false`; money limits hold for all of it together (`maxPrice`). */
export interface DeliveryPolicy {
  /**
   * What happens to an attempt of which nobody can know whether it was carried out, once its quotation has expired and `waitMinutes` more have passed.
   *
   * `'hold'`: the delivery needs attention, and a person decides by `resolve`. Only for this the promise of one courier is made.
   * `'rebook'`: it books again. **A risk taken with money**: the first order may turn up after all, and is then cancelled if Lalamove still allows it.
   * No more orders than `rebook` allows are risked (two where that is off); then a person decides.
   *
   * @default { waitMinutes: 10, then: 'hold' }
   */
  unknownOutcome: { waitMinutes: number; then: 'hold' | 'rebook' };
  /**
   * Whether to quote anew where a quotation has expired before it was ordered. `false`: the delivery needs attention instead.
   *
   * @default true
   */
  requote: boolean;
  /**
   * Priority fees while no driver accepts: how many minutes after placing (or after `scheduleAt`), and which, as decimal strings that grow. A fee that would
   * bring the price above `maxPrice` is left out.
   *
   * @default false
   */
  raiseFee: false | readonly { afterMinutes: number; priorityFee: string }[];
  /**
   * How many orders are placed at the most, the first among them, where drivers reject one (`REJECTED`) or none accepts (`EXPIRED`). `false`: one.
   *
   * @default { maxAttempts: 3 }
   */
  rebook: false | { maxAttempts: number };
  /**
   * Asks for another driver where the matched one has not picked up after so many minutes (from the match, or from `scheduleAt`), at most so many times.
   * Lalamove allows it from 15 minutes after the match.
   *
   * @default { afterMinutes: 45, times: 1 }
   */
  changeDriver: false | { afterMinutes: number; times: number };
  /**
   * How long a cancellation that was not asked for here waits for an `ORDER_REPLACED` of customer service, in minutes. Then it is final where its webhook has told
   * that the order's own account cancelled it, and needs attention where nobody has.
   *
   * @default { waitMinutes: 60 }
   */
  replacement: { waitMinutes: number };
  /**
   * Reads the order where webhooks stay silent: after so many seconds, then ever more rarely. No polling before a scheduled pick-up is an hour away. `false`: webhooks alone.
   *
   * @default { everySeconds: 120, maxSeconds: 1800 }
   */
  poll: false | { everySeconds: number; maxSeconds: number };
  /**
   * After how many failures in a row, each time longer apart, a delivery needs attention: Lalamove is away, or answers what cannot be used.
   *
   * @default { maxFailures: 12 }
   */
  failures: { maxFailures: number };
}

/** A policy of which parts, and members of parts, are left out: these stay as they are. */
export type GivenPolicy = { [Part in keyof DeliveryPolicy]?: InPart<DeliveryPolicy[Part]> };

type InPart<Part> = Part extends readonly unknown[] ? Part : Part extends object ? Partial<Part> : Part;

/** Parts that can be switched off, as they are where they are not. */
export const USUAL = {
  rebook: { maxAttempts: 3 },
  changeDriver: { afterMinutes: 45, times: 1 },
  poll: { everySeconds: 120, maxSeconds: 1800 },
} as const;

/** The policy of who says nothing. */
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
