/** The accent of one theme, and the colour of text on it. */
export interface ThemeAccent {
  readonly accent: string;
  readonly onAccent: string;
}

/** The accents of both themes. */
export interface BrandColors {
  readonly light: ThemeAccent;
  readonly dark: ThemeAccent;
}

/** WCAG 2.2, 1.4.3: text of normal size. */
const MIN_CONTRAST = 4.5;

/** The surfaces of the page on which the accent stands: see 1-tokens.css and the page's own styles. */
const LIGHT_SURFACE = '#f3f4f6';
const DARK_SURFACE = '#1d2530';

/** The default accent. */
export const DEFAULT_ACCENT = '#1d4ed8';

/** The tone of an accent that can be read in each theme: as it is, or darker or lighter. */
export function brandColors(accent = DEFAULT_ACCENT): BrandColors {
  return { light: themed(accent, LIGHT_SURFACE, '#000000'), dark: themed(accent, DARK_SURFACE, '#ffffff') };
}

function themed(accent: string, surface: string, towards: string): ThemeAccent {
  let tone = accent.toLowerCase();
  for (let share = 0.05; contrast(tone, surface) < MIN_CONTRAST && share <= 1; share += 0.05) {
    tone = mixed(accent, towards, share);
  }
  return { accent: tone, onAccent: contrast(tone, '#ffffff') >= contrast(tone, '#0b0f16') ? '#ffffff' : '#0b0f16' };
}

/** The contrast of two colours, from 1 to 21 (WCAG 2.2). */
export function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = channels(color).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function mixed(color: string, other: string, share: number): string {
  const others = channels(other);
  const values = channels(color).map((value, index) => Math.round(value + ((others[index] ?? 0) - value) * share));
  return `#${values.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

function channels(color: string): number[] {
  return [1, 3, 5].map((start) => Number.parseInt(color.slice(start, start + 2), 16));
}
