/** What every order needs in its market, and a phone that is valid there. */
export const MARKETS: Readonly<Record<string, { language: string; serviceType: string; phone: string }>> = {
  AE: { language: 'en_AE', serviceType: 'MOTORCYCLE', phone: '+971501234567' },
  BR: { language: 'pt_BR', serviceType: 'LALAGO', phone: '+5511912345678' },
  HK: { language: 'en_HK', serviceType: 'MOTORCYCLE', phone: '+85251234567' },
  ID: { language: 'id_ID', serviceType: 'MOTORCYCLE', phone: '+628123456789' },
  JP: { language: 'ja_JP', serviceType: 'MOTORCYCLE', phone: '+819012345678' },
  MX: { language: 'es_MX', serviceType: 'MOTORCYCLE', phone: '+525512345678' },
  MY: { language: 'ms_MY', serviceType: 'MOTORCYCLE', phone: '+60123456789' },
  PH: { language: 'en_PH', serviceType: 'MOTORCYCLE', phone: '+639171234567' },
  SA: { language: 'ar_SA', serviceType: 'CAR', phone: '+966501234567' },
  SG: { language: 'en_SG', serviceType: 'MOTORCYCLE', phone: '+6591234567' },
  TH: { language: 'th_TH', serviceType: 'MOTORCYCLE', phone: '+66812345678' },
  TW: { language: 'zh_TW', serviceType: 'MOTORCYCLE', phone: '+886912345678' },
  VN: { language: 'vi_VN', serviceType: 'MOTORCYCLE', phone: '+84901234567' },
};
