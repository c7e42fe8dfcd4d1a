import { describe, expect, it } from '@jest/globals';
import { localFormat } from './local-format.js';

describe('localFormat', () => {
  it.each([[['en-US@posix', 'en-GB']], [['C', 'en-GB']], [['', 'x', 'en-GB']]])(
    'passes over languages that are none, as in %j',
    (wished) => {
      expect(localFormat('en', wished).dateTime('2026-03-29T00:30:00Z')).toMatch(/29 Mar/);
    },
  );

  it('needs no language of the visitor', () => {
    expect(localFormat('ar', []).distance(1234)).toMatch(/١٫٢/);
    expect(localFormat('th', ['en-US@posix']).time('not a time')).toBe('');
  });
});
