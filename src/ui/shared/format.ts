/** The locale in which a market writes amounts, by its country code. */
const MARKET_LOCALES: Readonly<Record<string, string>> = {
  BD: 'en-BD',
  BR: 'pt-BR',
  HK: 'en-HK',
  ID: 'id-ID',
  MY: 'en-MY',
  MX: 'es-MX',
  PH: 'en-PH',
  SG: 'en-SG',
  TW: 'zh-TW',
  TH: 'th-TH',
  VN: 'vi-VN',
  TR: 'tr-TR',
  AE: 'en-AE',
};

/** An amount in the format of its market, e.g. `HK$98.00`. `amount` is a decimal string. */
export function formatMoney(amount: string, currency: string, market?: string): string {
  const value = Number(amount);
  if (amount.trim() === '' || Number.isNaN(value)) return `${currency} ${amount}`.trim();
  try {
    const locale = market === undefined ? undefined : MARKET_LOCALES[market];
    return new Intl.NumberFormat(locale, { style: 'currency', currency }).format(value);
  } catch {
    return `${currency} ${amount}`;
  }
}

/** How many of something: `1 order`, `1,200 orders`. */
export function counted(count: number, one: string): string {
  return `${count.toLocaleString()} ${one}${count === 1 ? '' : 's'}`;
}

/** A time of day in the viewer's zone and clock (12 or 24 hours). */
export function formatTime(at: string | number, language?: string): string {
  return format(at, { timeStyle: 'medium' }, language);
}

/** A date with the time, in the viewer's zone. */
export function formatDateTime(at: string | number, language?: string): string {
  return format(at, { dateStyle: 'medium', timeStyle: 'short' }, language);
}

function format(at: string | number, options: Intl.DateTimeFormatOptions, language?: string): string {
  const date = new Date(at);
  return Number.isNaN(date.valueOf()) ? '' : new Intl.DateTimeFormat(language, options).format(date);
}

/** A duration in two units at most: `45 s`, `3 min 20 s`, `2 h 5 min`, `4 d`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return joined(minutes, 'min', seconds % 60, 's');
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return joined(hours, 'h', minutes % 60, 'min');
  return hours < 72 ? joined(Math.floor(hours / 24), 'd', hours % 24, 'h') : `${Math.floor(hours / 24)} d`;
}

function joined(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** A status or state in words: `ON_GOING` becomes `on going`. */
export function words(name: string): string {
  return name.toLowerCase().replaceAll('_', ' ');
}

/** The distance between two points in metres (haversine). */
export function metresBetween(a: { lat: number; lng: number }, b: { lat: number; lng: number }): number {
  const radians = (degrees: number): number => (degrees * Math.PI) / 180;
  const [dLat, dLng] = [radians(b.lat - a.lat), radians(b.lng - a.lng)];
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * Math.sin(dLng / 2) ** 2;
  return 2 * 6_371_000 * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** A distance: `850 m`, `12.4 km`. */
export function formatDistance(metres: number): string {
  return metres < 1000 ? `${Math.round(metres / 10) * 10} m` : `${(metres / 1000).toFixed(1)} km`;
}
