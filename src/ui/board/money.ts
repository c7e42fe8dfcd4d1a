import type { BoardDelivery } from '../../board/board-answers.js';
import { formatMoney } from '../shared/format.js';

/** The country of each market, by its currency. */
const MARKETS: Readonly<Record<string, string>> = {
  AED: 'AE',
  BDT: 'BD',
  BRL: 'BR',
  HKD: 'HK',
  IDR: 'ID',
  MXN: 'MX',
  MYR: 'MY',
  PHP: 'PH',
  SGD: 'SG',
  THB: 'TH',
  TRY: 'TR',
  TWD: 'TW',
  VND: 'VN',
};

/** An amount in the format of its market. `amount` is a decimal string. */
export function money(amount: string, currency: string): string {
  return formatMoney(amount, currency, Object.hasOwn(MARKETS, currency) ? MARKETS[currency] : undefined);
}

/** The currency of a delivery's amounts: of its price, else of its last attempt; empty before the first quotation. */
export function currencyOf({ delivery, attempts }: Pick<BoardDelivery, 'delivery' | 'attempts'>): string {
  return delivery.price?.currency ?? attempts.at(-1)?.currency ?? '';
}
