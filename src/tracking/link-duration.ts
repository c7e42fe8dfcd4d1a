/** A time such as `'30m'`, `'36h'` or `'14d'`: minutes, hours or days. */
export type LinkDuration = `${number}${'m' | 'h' | 'd'}`;

const UNITS: Readonly<Record<string, number>> = { m: 60, h: 3600, d: 86_400 };

/** No link lives longer. */
const MAX_SECONDS = 366 * 86_400;

/** What a duration must be, as the end of a sentence. */
export const DURATION_REMEDY = "must be a time up to 366 days, such as '36h' or '14d'";

/** The seconds of a duration; `undefined` if it is none. */
export function secondsOf(duration: unknown): number | undefined {
  const [, count = '', unit = ''] = /^(\d{1,6})([mhd])$/.exec(typeof duration === 'string' ? duration : '') ?? [];
  const seconds = Number(count) * (UNITS[unit] ?? 0);
  return seconds > 0 && seconds <= MAX_SECONDS ? seconds : undefined;
}
