import type { MarketFacts } from './market-facts.js';

/**
 * Parses a decimal string to whole numbers of the market's smallest unit. It returns `undefined` if the text is not a
 * decimal, or has more decimals than the market.
 */
export function parseAmount(text: string, { decimals }: Pick<MarketFacts, 'decimals'>): number | undefined {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d{1,12})(?:\.(\d{1,20}))?$/.exec(text) ?? [];
  const digits = fraction.replace(/0+$/, '');
  if (whole === '' || digits.length > decimals) return undefined;
  return Number(sign + whole + digits.padEnd(decimals, '0'));
}

/** Converts an amount in the market's currency to its smallest units, rounded. */
export function toUnits(amount: number, { decimals }: Pick<MarketFacts, 'decimals'>): number {
  return Math.round(amount * 10 ** decimals);
}

/** Formats an amount in the smallest units as a decimal string with the market's number of decimals. */
export function formatAmount(units: number, { decimals }: Pick<MarketFacts, 'decimals'>): string {
  return (units / 10 ** decimals).toFixed(decimals);
}
