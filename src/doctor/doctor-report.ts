/** The checks of {@link LalamoveDoctor}, in the order in which a report lists them. */
export const DOCTOR_CHECKS = [
  'options',
  'keys',
  'environment',
  'market',
  'reachable',
  'clock',
  'signature',
  'market-accepted',
  'cities',
  'language',
  'rate-limits',
  'wallet',
  'webhook-url',
  'webhook-reachable',
  'webhook-signature',
  'webhook-refusal',
  'webhook-body',
  'webhook-speed',
] as const;

/** The name of a check. */
export type DoctorCheck = (typeof DOCTOR_CHECKS)[number];

/**
 * The result of a check. `warning`: it works, but something should be looked at. `skipped`: it was not checked, or
 * cannot be checked.
 */
export type DoctorStatus = 'ok' | 'warning' | 'failed' | 'skipped';

/** One line of a report. */
export interface DoctorFinding {
  readonly check: DoctorCheck;
  readonly status: DoctorStatus;
  /** What was found: one or several sentences, without a secret. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy?: string;
}

/** The report of {@link LalamoveDoctor}. It holds no secret, and can be written as JSON. */
export interface DoctorReport {
  /** Whether no check failed. Warnings do not count. */
  readonly ok: boolean;
  /** One finding for each check, in the order of {@link DOCTOR_CHECKS}. */
  readonly findings: readonly DoctorFinding[];
}

/** What a check found, without the name of the check. */
export type Result = Omit<DoctorFinding, 'check'>;

/** What checks have found so far. The first result of a check counts. */
export class Findings {
  readonly #results = new Map<DoctorCheck, Result>();

  add(check: DoctorCheck, status: DoctorStatus, message: string, remedy?: string): void {
    if (this.#results.has(check)) return;
    this.#results.set(check, { status, message, ...(remedy !== undefined && { remedy }) });
  }

  /** Whether one of these checks has failed. */
  hasFailed(...checks: readonly DoctorCheck[]): boolean {
    return checks.some((check) => this.#results.get(check)?.status === 'failed');
  }

  /**
   * Makes the report. A check without a result was skipped, because an earlier one failed.
   *
   * @param clean removes secrets from a text
   */
  report(clean: (text: string) => string): DoctorReport {
    const findings = DOCTOR_CHECKS.map((check): DoctorFinding => {
      const { status, message, remedy } = this.#results.get(check) ?? this.#skipped(check);
      return { check, status, message: clean(message), ...(remedy !== undefined && { remedy: clean(remedy) }) };
    });
    return { ok: findings.every(({ status }) => status !== 'failed'), findings };
  }

  #skipped(check: DoctorCheck): Result {
    const before = DOCTOR_CHECKS.slice(0, DOCTOR_CHECKS.indexOf(check)).reverse();
    const cause = before.find((each) => this.hasFailed(each));
    return { status: 'skipped', message: `It was not checked${cause ? `, because ${cause} failed` : ''}.` };
  }
}
