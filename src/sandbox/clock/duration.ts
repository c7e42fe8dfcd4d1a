import type { OptionCheck } from '../../internal/validate-options.js';

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
  const ms = inMs(duration);
  if (Number.isNaN(ms)) throw new RangeError(`${notDuration(duration)}.`);
  return Math.round(ms);
}

/** The longest pause, delay or step of a sandbox: orders live for hours, and a year of its time is soon over. */
const MAX_DURATION_MS = 365 * 86_400_000;

/**
 * A length of time in ms, of which a sandbox may have to wait for the end.
 *
 * @param name what it is, for the message: `delay`
 * @throws RangeError for what is no length of time, or a longer one than 365 days
 */
export function waitOf(name: string, duration: Duration): number {
  const ms = milliseconds(duration);
  if (ms <= MAX_DURATION_MS) return ms;
  throw new RangeError(`${name} ${tooLong(duration)}.`);
}

/** The check of an option that {@link waitOf} can read. */
export const WAIT_CHECK: OptionCheck = {
  holds: (value) => inMs(value) <= MAX_DURATION_MS,
  remedy: (value) => (Number.isNaN(inMs(value)) ? `is wrong: ${notDuration(value)}` : tooLong(value)),
};

function notDuration(value: unknown): string {
  const given = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return (
    `${given} is no length of time: give ms as a number of at least 0, ` +
    'or a text such as "90s", "5m", "2h" or "1h 30m"'
  );
}

function tooLong(value: unknown): string {
  return `must be at most 365d (${MAX_DURATION_MS} ms), not ${String(value)}`;
}

/** `NaN` for what is no length of time. */
function inMs(value: unknown): number {
  const ms = typeof value === 'string' ? parsed(value) : value;
  return typeof ms === 'number' && Number.isFinite(ms) && ms >= 0 ? ms : Number.NaN;
}

function parsed(text: string): number {
  if (!FORM.test(text)) return Number.NaN;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)/g)];
  return parts.reduce((sum, [, amount = '0', unit = 'ms']) => sum + Number(amount) * (UNITS.get(unit) ?? 1), 0);
}
