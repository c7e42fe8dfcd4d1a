import type { MarketFacts } from './market-facts.js';

/**
 * Amounts are counted in the market's smallest unit, as whole numbers, and written as decimal strings. A text that is no decimal, or has more
 * decimals than the market, has no units.
 */
export function parseAmount(text: string, { decimals }: Pick<MarketFacts, 'decimals'>): number | undefined {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d{1,12})(?:\.(\d{1,20}))?$/.exec(text) ?? [];
  const digits = fraction.replace(/0+$/, '');
  if (whole === '' || digits.length > decimals) return undefined;
  return Number(sign + whole + digits.padEnd(decimals, '0'));
}

/** The smallest units of a number in the market's currency, toUnits. */
export function toUnits(amount: number, { decimals }: Pick<MarketFacts, 'decimals'>): number {
  return Math.round(amount * 10 ** decimals);
}

/** A decimal string with the market's number of decimals. */
export function formatAmount(units: number, { decimals }: Pick<MarketFacts, 'decimals'>): string {
  return (units / 10 ** decimals).toFixed(decimals);
}
