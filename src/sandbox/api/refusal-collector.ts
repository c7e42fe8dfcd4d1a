import { Refusal, statusOf } from './refusal.js';

const LOOKUP_CODES: ReadonlySet<string> = new Set(['ERR_INCORRECT_ADDRESS', 'ERR_REVERSE_GEOCODE_FAILURE']);

/** Runs several checks and collects their refusals, so that one answer lists everything that is wrong. */
export class RefusalCollector {
  readonly #refusals: Refusal[] = [];

  /** Runs a check and returns its value. If it throws a `Refusal`, that is collected and `undefined` returned. */
  check<T>(check: () => T): T | undefined {
    try {
      return check();
    } catch (error) {
      // Only refusals with status 422 can be listed together in one answer.
      if (!(error instanceof Refusal) || statusOf(error) !== 422) throw error;
      for (const refusal of [error, ...error.others]) {
        if (!this.#isRepeatedLookup(refusal)) this.#refusals.push(refusal);
      }
      return undefined;
    }
  }

  /** Lalamove looks addresses up one by one and stops at the first that it does not find (recorded). */
  #isRepeatedLookup({ answer }: Refusal): boolean {
    return LOOKUP_CODES.has(answer.code) && this.#refusals.some((other) => LOOKUP_CODES.has(other.answer.code));
  }

  /** Checks each value, and returns the results of those that are valid. */
  all<T, V>(values: readonly V[], check: (value: V, index: number) => T): T[] {
    return values.flatMap((value, index) => {
      const checked = this.check(() => [check(value, index)]);
      return checked ?? [];
    });
  }

  /**
   * Ends the checks.
   *
   * @throws Refusal with all collected refusals, if there are any
   */
  refuse(): void {
    const [first, ...others] = this.#refusals;
    if (!first) return;
    first.others.splice(0, first.others.length, ...others);
    throw first;
  }
}
