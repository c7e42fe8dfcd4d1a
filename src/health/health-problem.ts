/** Why an indicator is not simply `up`. */
export type HealthReason =
  | 'NOT_REGISTERED'
  | 'UNREACHABLE'
  | 'TIMEOUT'
  | 'KEYS_REFUSED'
  | 'MARKET_REFUSED'
  | 'CLOCK_SKEWED'
  | 'RATE_LIMITED'
  | 'RATE_LIMIT_LOW'
  | 'LALAMOVE_FAILS'
  | 'STORAGE'
  | 'DELIVERIES_LATE'
  | 'OUTCOME_UNKNOWN'
  | 'OUTBOX_LATE';

/** One problem that an indicator has found. It contains no keys and no personal data. */
export interface HealthProblem {
  readonly reason: HealthReason;
  /** Whether the indicator is down for it. `degraded`: it works, but not for long. */
  readonly severity: 'degraded' | 'down';
  readonly message: string;
  /** What to do. */
  readonly remedy: string;
}
