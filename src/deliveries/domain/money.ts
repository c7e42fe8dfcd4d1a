/** An amount of money: a decimal string without sign. */
const AMOUNT = /^\d{1,15}(\.\d{1,6})?$/;

/** Whether a text is an amount that can be compared. */
export function isAmount(text: unknown): text is string {
  return typeof text === 'string' && AMOUNT.test(text);
}

/** Millionths: exact, where floats are not. */
function millionths(amount: string): bigint {
  const [whole = '0', decimals = ''] = amount.split('.');
  return BigInt(whole) * 1_000_000n + BigInt(decimals.padEnd(6, '0'));
}

/** Whether one amount is more than another; `undefined` where one of them is no amount. */
export function exceeds(amount: string, limit: string): boolean | undefined {
  return isAmount(amount) && isAmount(limit) ? millionths(amount) > millionths(limit) : undefined;
}

/** An amount with one part of it replaced by another: `total - before + after`; `undefined` where one of them is no amount. */
export function withPart(total: string, before: string, after: string): string | undefined {
  if (!isAmount(total) || !isAmount(before) || !isAmount(after)) return undefined;
  const sum = millionths(total) - millionths(before) + millionths(after);
  if (sum < 0n) return undefined;
  return `${sum / 1_000_000n}.${String(sum % 1_000_000n).padStart(6, '0')}`.replace(/\.?0+$/, '');
}
