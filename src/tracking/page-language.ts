import { isOneOf } from '../internal/value-checks.js';

/** The languages of the page: English, and those of the markets that Lalamove serves. BCP 47. */
export const PAGE_LANGUAGES = ['en', 'ar', 'es-MX', 'id', 'ja', 'ms', 'pt-BR', 'th', 'vi', 'zh-HK', 'zh-TW'] as const;

/** One of {@link PAGE_LANGUAGES}. */
export type PageLanguage = (typeof PAGE_LANGUAGES)[number];

const isKnown = isOneOf(...PAGE_LANGUAGES);

/** Whether a value is a language of the page. */
export function isPageLanguage(value: unknown): value is PageLanguage {
  return isKnown(value);
}

/** The direction of writing. */
export function directionOf(language: PageLanguage): 'ltr' | 'rtl' {
  return language === 'ar' ? 'rtl' : 'ltr';
}

/**
 * The language of the page that fits a wish best: `zh-Hant-HK` is `zh-HK`, `pt` is `pt-BR`.
 *
 * @param wish BCP 47, or Lalamove's form such as `zh_HK`
 */
export function closestLanguage(wish: string): PageLanguage | undefined {
  const tag = wish.trim().replaceAll('_', '-').toLowerCase();
  const exact = PAGE_LANGUAGES.find((language) => language.toLowerCase() === tag);
  if (exact) return exact;
  const parts = tag.split('-');
  const [base = ''] = parts;
  if (base === 'zh') return parts.includes('hk') || parts.includes('mo') || parts.includes('yue') ? 'zh-HK' : 'zh-TW';
  if (base === 'yue') return 'zh-HK';
  return PAGE_LANGUAGES.find((language) => language.toLowerCase().split('-')[0] === base);
}

/** The first acceptable language of an `Accept-Language` header (RFC 9110, 12.5.4). */
export function acceptedLanguage(header: unknown): PageLanguage | undefined {
  if (typeof header !== 'string') return undefined;
  return header
    .slice(0, 500)
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.split(';');
      const quality = parameters.map((each) => /^\s*q=([\d.]+)\s*$/.exec(each)?.[1]).find((each) => each !== undefined);
      return { tag, quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality)
    .map(({ tag }) => closestLanguage(tag))
    .find((language) => language !== undefined);
}
