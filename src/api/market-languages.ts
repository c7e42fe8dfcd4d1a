/** The languages of addresses in each market that Lalamove serves (API v3, "Markets"). New markets can appear. */
export const MARKET_LANGUAGES: Readonly<Record<string, readonly string[]>> = {
  AE: ['en_AE'],
  BR: ['en_BR', 'pt_BR'],
  HK: ['en_HK', 'zh_HK'],
  ID: ['en_ID', 'id_ID'],
  JP: ['en_JP', 'ja_JP'],
  MX: ['en_MX', 'es_MX'],
  MY: ['en_MY', 'ms_MY'],
  PH: ['en_PH'],
  SA: ['en_SA', 'ar_SA'],
  SG: ['en_SG'],
  TH: ['th_TH', 'en_TH'],
  TW: ['zh_TW'],
  VN: ['en_VN', 'vi_VN'],
};
