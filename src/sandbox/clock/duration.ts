import type { OptionCheck } from '../../internal/validate-options.js';

/** A duration: ms as a number, or a text such as `'250ms'`, `'90s'`, `'5m'`, `'2h'`, `'60d'` or `'1h 30m'`. */
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
 * Converts a duration to ms.
 *
 * @throws RangeError if the value is not a duration
 */
export function milliseconds(duration: Duration): number {
  const ms = inMs(duration);
  if (Number.isNaN(ms)) throw new RangeError(`${notDuration(duration)}.`);
  return Math.round(ms);
}

/** The longest pause, delay or step of a sandbox. Orders last for hours, so a year is long enough. */
const MAX_DURATION_MS = 365 * 86_400_000;

/**
 * Converts a duration to ms. The sandbox may have to wait until the duration ends.
 *
 * @param name the name of the value in the message: `delay`
 * @throws RangeError if the value is not a duration, or is longer than 365 days
 */
export function waitOf(name: string, duration: Duration): number {
  const ms = milliseconds(duration);
  if (ms <= MAX_DURATION_MS) return ms;
  throw new RangeError(`${name} ${tooLong(duration)}.`);
}

/** The check of an option that {@link waitOf} reads. */
export const WAIT_CHECK: OptionCheck = {
  holds: (value) => inMs(value) <= MAX_DURATION_MS,
  remedy: (value) => (Number.isNaN(inMs(value)) ? `is wrong: ${notDuration(value)}` : tooLong(value)),
};

function notDuration(value: unknown): string {
  const given = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return (
    `${given} is not a duration: give ms as a number of at least 0, ` +
    'or a text such as "90s", "5m", "2h" or "1h 30m"'
  );
}

function tooLong(value: unknown): string {
  return `must be at most 365d (${MAX_DURATION_MS} ms), not ${String(value)}`;
}

/** Returns `NaN` if the value is not a duration. */
function inMs(value: unknown): number {
  const ms = typeof value === 'string' ? parsed(value) : value;
  return typeof ms === 'number' && Number.isFinite(ms) && ms >= 0 ? ms : Number.NaN;
}

function parsed(text: string): number {
  if (!FORM.test(text)) return Number.NaN;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)/g)];
  return parts.reduce((sum, [, amount = '0', unit = 'ms']) => sum + Number(amount) * (UNITS.get(unit) ?? 1), 0);
}
