import { isRecord } from '../../internal/is-record.js';
import { defaultLanguage } from '../market.js';

/** The input of a quotation, with the language of the market if it names none. */
export function withLanguage(input: unknown, market: string): unknown {
  if (!isRecord(input) || (input.language !== undefined && input.language !== null)) return input;
  return { ...input, language: defaultLanguage(market) };
}
