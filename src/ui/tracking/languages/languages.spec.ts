import { describe, expect, it } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { MARKET_LANGUAGES } from '../../../api/market-languages.js';
import { closestLanguage, isPageLanguage, PAGE_LANGUAGES } from '../../../tracking/page-language.js';
import { previewText } from '../../../tracking/preview-text.js';
import { isRecord } from '../../../internal/is-record.js';
import { en } from './en.js';

const placeholders = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();

describe('the languages of the tracking page', () => {
  it('are those of the markets that Lalamove serves, and no other', () => {
    const served = new Set(Object.values(MARKET_LANGUAGES).flat());
    const wanted = [...served].map((language) => closestLanguage(language));
    expect(wanted).not.toContain(undefined);
    expect([...new Set(wanted)].sort()).toEqual([...PAGE_LANGUAGES].sort());
  });

  it('have a file each', () => {
    const files = readdirSync(new URL('.', import.meta.url)).filter((name) => /^[\w-]+\.ts$/.test(name));
    expect(files.map((name) => name.replace('.ts', '')).sort()).toEqual([...PAGE_LANGUAGES].sort());
  });

  it.each(PAGE_LANGUAGES.filter((language) => language !== 'en'))('%s is complete', async (language) => {
    const module: unknown = await import(`./${language}.js`);
    const dictionary: unknown = isRecord(module) ? module.default : undefined;
    if (!isRecord(dictionary)) throw new TypeError(`${language} has no dictionary.`);
    expect(Object.keys(dictionary)).toEqual(Object.keys(en));
    for (const [name, english] of Object.entries(en)) {
      const text: unknown = dictionary[name];
      if (typeof text !== 'string') throw new TypeError(`${language} has no text ${name}.`);
      expect(text.trim()).not.toBe('');
      expect([name, placeholders(text)]).toEqual([name, placeholders(english)]);
      // A sentence that was forgotten would be the English one. Single words may be alike.
      if (english.includes(' ')) expect([name, text]).not.toEqual([name, english]);
    }
  });

  it('have a preview that names the brand', () => {
    const texts = PAGE_LANGUAGES.map((language) => previewText(language, 'A $& B'));
    expect(texts.filter(({ title }) => !title.includes('A $& B'))).toEqual([]);
    expect(new Set(texts.map(({ description }) => description)).size).toBe(PAGE_LANGUAGES.length);
    expect(isPageLanguage('tlh')).toBe(false);
  });
});
