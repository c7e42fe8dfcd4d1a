/** A length of time: ms as a number, or a text such as `'250ms'`, `'90s'`, `'5m'`, `'2h'`, `'60d'` or `'1h 30m'`. */
export type Duration = number | string;

const UNITS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

const FORM = /^\s*(\d+(\.\d+)?\s*(ms|s|m|h|d)\s*)+$/;

/**
 * A length of time in ms.
 *
 * @throws RangeError for what is no length of time
 */
export function milliseconds(duration: Duration): number {
  const ms = typeof duration === 'number' ? duration : parsed(duration);
  if (!(Number.isFinite(ms) && ms >= 0)) {
    throw new RangeError(
      `${typeof duration === 'string' ? JSON.stringify(duration) : String(duration)} is no length of time: give ms as a number of at least 0, or a text such as "90s", "5m", "2h" or "1h 30m".`,
    );
  }
  return Math.round(ms);
}

function parsed(text: string): number {
  if (!FORM.test(text)) return Number.NaN;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)/g)];
  return parts.reduce((sum, [, amount = '0', unit = 'ms']) => sum + Number(amount) * (UNITS.get(unit) ?? 1), 0);
}
