import { describe, expect, it } from '@jest/globals';
import { pageHeaders, tilesProblem } from './page-headers.js';
import { pageHtml } from './page-html.js';

const TILES = { url: 'https://tiles.example.com/{z}/{x}/{y}.png', attribution: '© A' };

describe('pageHeaders', () => {
  const policy = (tiles?: { url: string; attribution: string }): string =>
    pageHeaders({ tiles })['content-security-policy'] ?? '';

  it('allow no inline code, no frame and no other origin', () => {
    expect(policy()).not.toMatch(/unsafe|https?:|\*/);
    expect(policy()).toContain("frame-ancestors 'none'");
  });

  it('add exactly the origin of the tiles', () => {
    expect(policy(TILES)).toContain("img-src 'self' data: https://tiles.example.com;");
    expect(policy({ ...TILES, url: 'http://{s}.tiles.example:8080/{z}/{x}/{y}' })).toContain(
      'data: http://*.tiles.example:8080;',
    );
  });
});

describe('tilesProblem', () => {
  it.each([
    [TILES, undefined],
    [{ ...TILES, url: 'https://a.example;script-src * /{z}/{x}/{y}' }, 'url must be'],
    [{ ...TILES, url: 'javascript:alert(1)//{z}/{x}/{y}' }, 'url must be'],
    [{ ...TILES, url: 'https://a.example/{z}/{x}.png' }, 'must contain'],
    [{ ...TILES, attribution: '' }, 'attribution'],
    [null, 'must be {'],
  ])('%j', (tiles, problem) => {
    if (problem === undefined) expect(tilesProblem(tiles)).toBeUndefined();
    else expect(tilesProblem(tiles)).toContain(problem);
  });
});

describe('pageHtml', () => {
  it('writes hostile text as text', () => {
    const html = pageHtml({
      title: '<script>alert(1)</script>',
      lang: '"><img>',
      files: 'x/',
      config: { a: '</script><script>alert(1)</script>' },
    });
    expect(html.match(/<script/g)).toHaveLength(2);
    expect(html).not.toContain('<img>');
  });
});
