import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { isRecord } from '../internal/is-record.js';
import type { OptionProblem } from '../internal/validate-options.js';

/** How the tracking page looks, and whom a customer can ask. */
export interface TrackingBrand {
  /** Your name, as your customers know it. */
  readonly name: string;
  /**
   * A logo: a `data:` URI of an image, or the path of an image file (`.svg`, `.png`, `.jpg`, `.webp`), which is read at
   * boot. The page loads nothing from another host.
   */
  readonly logo?: string;
  /**
   * A colour for buttons and progress, such as `'#0a7d4f'`. Where its contrast would be too low to read, a darker or
   * lighter tone of it is used.
   *
   * @default '#1d4ed8'
   */
  readonly accent?: string;
  /** How a customer reaches you. Shown at the end of the page, and wherever something has gone wrong. */
  readonly support?: {
    /** In E.164 form. */
    readonly phone?: string;
    readonly email?: string;
    /** An `https` address. */
    readonly url?: string;
  };
}

/** A logo as it is served. */
export interface Logo {
  readonly type: string;
  readonly body: Buffer;
}

const TYPES: Readonly<Record<string, string>> = {
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
};

const MAX_LOGO_BYTES = 512 * 1024;
const DATA_URI = /^data:(image\/(?:svg\+xml|png|jpeg|webp))(?:;charset=[\w-]+)?(;base64)?,(.*)$/s;
const LINE = /^\P{Cc}{1,60}$/u;

/**
 * Reads a logo.
 *
 * @throws Error that says why it cannot be used
 */
export function readLogo(logo: string): Logo {
  const [, type, base64, data = ''] = DATA_URI.exec(logo) ?? [];
  if (type !== undefined) {
    return checked(type, base64 === undefined ? Buffer.from(decodeURIComponent(data)) : Buffer.from(data, 'base64'));
  }
  if (/^[a-z]{2,}:/i.test(logo))
    throw new Error('it must be a file or a data: URI, because the page loads no other host');
  const fileType = TYPES[extname(logo).toLowerCase()];
  if (fileType === undefined) throw new Error(`its file must end in ${Object.keys(TYPES).join(', ')}`);
  return checked(fileType, readFileSync(logo));
}

function checked(type: string, body: Buffer): Logo {
  if (body.length === 0 || body.length > MAX_LOGO_BYTES) throw new Error('it must have 1 byte to 512 kB');
  return { type, body };
}

/** Finds the problems of a brand. */
export function brandProblems(brand: unknown): OptionProblem[] {
  if (!isRecord(brand)) return [{ option: '', message: 'must be { name, logo?, accent?, support? }' }];
  const { name, logo, accent, support, ...others } = brand;
  const problems: OptionProblem[] = [];
  const add = (option: string, message: string): void => {
    problems.push({ option, message });
  };
  if (typeof name !== 'string' || !LINE.test(name)) add('name', 'must be your name, in 1 to 60 characters');
  if (logo !== undefined) {
    try {
      if (typeof logo !== 'string') throw new Error('it must be a path or a data: URI');
      readLogo(logo);
    } catch (error) {
      add('logo', `cannot be used: ${error instanceof Error ? error.message : 'it cannot be read'}`);
    }
  }
  if (accent !== undefined && (typeof accent !== 'string' || !/^#[0-9a-f]{6}$/i.test(accent))) {
    add('accent', "must be a colour of six hexadecimal digits, such as '#0a7d4f'");
  }
  if (support !== undefined) problems.push(...supportProblems(support));
  for (const other of Object.keys(others)) add(other, 'is not an option: the options are name, logo, accent, support');
  return problems;
}

function supportProblems(support: unknown): OptionProblem[] {
  if (!isRecord(support)) return [{ option: 'support', message: 'must be { phone?, email?, url? }' }];
  const { phone, email, url, ...others } = support;
  const problems: OptionProblem[] = [];
  const check = (option: string, value: unknown, holds: (text: string) => boolean, message: string): void => {
    if (value !== undefined && !(typeof value === 'string' && holds(value)))
      problems.push({ option: `support.${option}`, message });
  };
  check('phone', phone, (text) => /^\+[1-9]\d{1,14}$/.test(text), "must be in E.164 form, such as '+85221234567'");
  check('email', email, (text) => /^[^\s@<>"?]+@[^\s@<>"?]+$/.test(text), 'must be an e-mail address');
  check('url', url, (text) => URL.canParse(text) && text.startsWith('https://'), 'must be an https address');
  for (const other of Object.keys(others))
    problems.push({ option: `support.${other}`, message: 'is not an option: the options are phone, email, url' });
  return problems;
}
