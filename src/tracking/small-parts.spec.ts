import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { brandColors, contrast } from './brand-colors.js';
import { secondsOf } from './link-duration.js';
import { acceptedLanguage, closestLanguage } from './page-language.js';
import { imageType } from './remote-images.js';
import { brandProblems } from './tracking-brand.js';

describe('brandColors', () => {
  it('can be read in both themes, whatever the accent is', () => {
    const colors = fc.nat(0xffffff).map((value) => `#${value.toString(16).padStart(6, '0')}`);
    fc.assert(
      fc.property(colors, (accent) => {
        const { light, dark } = brandColors(accent);
        expect(contrast(light.accent, '#f3f4f6')).toBeGreaterThanOrEqual(4.5);
        expect(contrast(dark.accent, '#1d2530')).toBeGreaterThanOrEqual(4.5);
        for (const { accent: tone, onAccent } of [light, dark]) {
          expect(contrast(tone, onAccent)).toBeGreaterThanOrEqual(4.5);
        }
      }),
    );
  });

  it('leave an accent as it is if it can be read', () => {
    expect(brandColors('#0A7D4F').light).toEqual({ accent: '#0a7d4f', onAccent: '#ffffff' });
  });
});

describe('secondsOf', () => {
  it.each([
    ['30m', 1800],
    ['36h', 129_600],
    ['14d', 1_209_600],
    ['366d', 31_622_400],
    ['367d', undefined],
    ['0d', undefined],
    ['-1d', undefined],
    ['14', undefined],
    [14, undefined],
    [null, undefined],
  ])('%j is %j', (duration, seconds) => {
    expect(secondsOf(duration)).toBe(seconds);
  });
});

describe('languages', () => {
  it.each([
    ['zh-Hant-HK', 'zh-HK'],
    ['zh_HK', 'zh-HK'],
    ['zh-Hans-CN', 'zh-TW'],
    ['pt', 'pt-BR'],
    ['es-AR', 'es-MX'],
    ['ar-EG', 'ar'],
    ['de', undefined],
    ['', undefined],
  ])('%s is %s', (wish, language) => {
    expect(closestLanguage(wish)).toBe(language);
  });

  it.each([
    ['de-DE,de;q=0.9,th;q=0.3,vi;q=0.5', 'vi'],
    ['fr', undefined],
    ['ja;q=0, ms', 'ms'],
    [undefined, undefined],
  ])('%s accepts %s', (header, language) => {
    expect(acceptedLanguage(header)).toBe(language);
  });
});

describe('imageType', () => {
  it.each([
    ['ffd8ffe000104a46', 'image/jpeg'],
    ['89504e470d0a1a0a0000', 'image/png'],
    ['52494646000000005745425056', 'image/webp'],
    [Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>').toString('hex'), undefined],
    [Buffer.from('<html><script>alert(1)</script>').toString('hex'), undefined],
    ['', undefined],
  ])('%s is %s', (hex, type) => {
    expect(imageType(Buffer.from(hex, 'hex'))).toBe(type);
  });
});

describe('brandProblems', () => {
  it.each<[unknown, string | undefined]>([
    [{ name: 'Corner Bakery' }, undefined],
    [{ name: 'B', logo: 'data:image/svg+xml,<svg/>', accent: '#0a7d4f' }, undefined],
    [{ name: 'B', logo: 'data:image/png;base64,iVBORw0KGgo=' }, undefined],
    [{ name: '' }, 'name'],
    [{ name: 'B', logo: 'https://cdn.example/logo.svg' }, 'logo'],
    [{ name: 'B', logo: '/no/such/file.png' }, 'logo'],
    [{ name: 'B', logo: 'data:text/html,<script>' }, 'logo'],
    [{ name: 'B', accent: 'green' }, 'accent'],
    [{ name: 'B', support: { phone: '123' } }, 'support.phone'],
    [{ name: 'B', support: { url: 'javascript:alert(1)' } }, 'support.url'],
    [{ name: 'B', support: { email: 'a@b.example?bcc=x' } }, 'support.email'],
    [{ name: 'B', colour: '#000000' }, 'colour'],
  ])('%j', (brand, option) => {
    expect(brandProblems(brand).map((problem) => problem.option)).toEqual(option === undefined ? [] : [option]);
  });
});
