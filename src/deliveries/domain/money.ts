/** An amount of money: a decimal string without a sign. */
export const AMOUNT = /^\d{1,15}(\.\d{1,6})?$/;

/** Whether a value is an amount that can be compared. */
export function isAmount(text: unknown): text is string {
  return typeof text === 'string' && AMOUNT.test(text);
}

/** In millionths: exact, unlike floating-point numbers. */
function millionths(amount: string): bigint {
  const [whole = '0', decimals = ''] = amount.split('.');
  return BigInt(whole) * 1_000_000n + BigInt(decimals.padEnd(6, '0'));
}

/** Whether an amount is more than a limit; `undefined` if one of them is no amount. */
export function exceeds(amount: string, limit: string): boolean | undefined {
  return isAmount(amount) && isAmount(limit) ? millionths(amount) > millionths(limit) : undefined;
}

/** Replaces one part of an amount: `total - before + after`; `undefined` if one of them is no amount. */
export function withPart(total: string, before: string, after: string): string | undefined {
  if (!isAmount(total) || !isAmount(before) || !isAmount(after)) return undefined;
  const sum = millionths(total) - millionths(before) + millionths(after);
  if (sum < 0n) return undefined;
  return `${sum / 1_000_000n}.${String(sum % 1_000_000n).padStart(6, '0')}`.replace(/\.?0+$/, '');
}
