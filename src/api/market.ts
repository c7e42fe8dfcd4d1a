/** The two-letter code of a market. Lalamove can add markets at any time, so other codes are accepted too. */
// prettier-ignore
export type LalamoveMarket =
  | 'AE' | 'BR' | 'HK' | 'ID' | 'JP' | 'MX' | 'MY' | 'PH' | 'SA' | 'SG' | 'TH' | 'TW' | 'VN'
  | (string & {});

/** The language of the addresses in a market, e.g. `en_HK`. */
// prettier-ignore
export type LalamoveLanguage =
  | 'en_AE' | 'en_BR' | 'pt_BR' | 'en_HK' | 'zh_HK' | 'en_ID' | 'id_ID' | 'en_JP' | 'ja_JP' | 'en_MX' | 'es_MX'
  | 'en_MY' | 'ms_MY' | 'en_PH' | 'en_SA' | 'ar_SA' | 'en_SG' | 'th_TH' | 'en_TH' | 'zh_TW' | 'en_VN' | 'vi_VN'
  | (string & {});

/**
 * The language of a quotation that names none: English, which Lalamove has in every market but Taiwan.
 *
 * @param market two letters, e.g. `HK`
 */
export function defaultLanguage(market: string): LalamoveLanguage {
  const code = market.toUpperCase();
  return code === 'TW' ? 'zh_TW' : `en_${code}`;
}
