import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { SABOTAGES } from './all-sabotages.mjs';
import { ROOT, sabotagedFiles } from './sabotage.mjs';

// `npm run test:sabotage` shows that each one is caught. It takes too long for `npm test`.
describe('the sabotages', () => {
  it('are at least 40, each with a name of its own', () => {
    const names = SABOTAGES.map(({ name }) => name);
    expect(names.length).toBeGreaterThanOrEqual(40);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(SABOTAGES)('still apply to the sources: $name', (sabotage) => {
    for (const [file, text] of sabotagedFiles(sabotage)) expect(text).not.toBe(readFileSync(join(ROOT, file), 'utf8'));
  });

  it.each(SABOTAGES)('name a test that exists: $name', ({ caughtBy }) => {
    if (caughtBy === 'chaos') return;
    expect(existsSync(join(ROOT, caughtBy.suite))).toBe(true);
    expect(caughtBy.test).not.toBe('');
  });
});
