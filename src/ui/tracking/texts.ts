import { en, type Dictionary } from './languages/en.js';

/** The languages beside English. Each is loaded when a page needs it. */
const LANGUAGES: Readonly<Record<string, () => Promise<{ readonly default: Dictionary }>>> = {
  ar: () => import('./languages/ar.js'),
  'es-MX': () => import('./languages/es-MX.js'),
  id: () => import('./languages/id.js'),
  ja: () => import('./languages/ja.js'),
  ms: () => import('./languages/ms.js'),
  'pt-BR': () => import('./languages/pt-BR.js'),
  th: () => import('./languages/th.js'),
  vi: () => import('./languages/vi.js'),
  'zh-HK': () => import('./languages/zh-HK.js'),
  'zh-TW': () => import('./languages/zh-TW.js'),
};

/** The name of a text. */
export type TextName = keyof Dictionary;

/** A text with its words in braces filled in. */
export type Say = (name: TextName, words?: Readonly<Record<string, string>>) => string;

/** The texts of a language; English if they cannot be loaded. */
export async function loadTexts(language: string): Promise<Say> {
  let dictionary: Dictionary = en;
  try {
    dictionary = (await LANGUAGES[language]?.())?.default ?? en;
  } catch {
    // A page in English is better than none.
  }
  return (name, words = {}) => dictionary[name].replace(/\{(\w+)\}/g, (whole, word: string) => words[word] ?? whole);
}
