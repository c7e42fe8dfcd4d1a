import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { indentedJson } from './indented-json.js';

describe('indentedJson', () => {
  it('writes as JSON.stringify does', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(undefined, 1, '\t', '\r\n'), (json, space) => {
        const value: unknown = JSON.parse(json);
        expect(indentedJson(JSON.stringify(value, null, space))).toBe(JSON.stringify(value, null, 2));
      }),
    );
  });

  it('keeps all digits, and members that are there twice', () => {
    expect(indentedJson('{"a":1234567890123456789,"a":1.50}')).toBe('{\n  "a": 1234567890123456789,\n  "a": 1.50\n}');
    expect(indentedJson('[1E400, -0]')).toBe('[\n  1E400,\n  -0\n]');
  });

  it.each(['', 'x', '{"a":}', '[1,]', `${'['.repeat(100)}${']'.repeat(100)}`])('leaves %.20j as it is', (text) => {
    expect(indentedJson(text)).toBeUndefined();
  });
});
