import { rmSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { compile, compileSabotaged } from './compile.mjs';
import { chaosRun } from './run.js';
import { ATTEMPT_AFTER_POST } from './sabotages/booking.mjs';

// A short run of `npm run test:chaos`.
describe('chaos', () => {
  it('leaves one courier for each reference, and every delivery in the state of its order', async () => {
    const { findings, kills, ends } = await chaosRun(await compile(), 20, 0, 3);
    expect(findings).toEqual([]);
    expect(kills).toBe(3);
    expect(Object.values(ends).reduce((sum, count) => sum + count, 0)).toBe(5);
  }, 180_000);

  it('leaves no order behind if the policy risks a second one', async () => {
    const { findings, kills } = await chaosRun(await compile(), 20, 1, 3);
    expect(findings).toEqual([]);
    expect(kills).toBe(3);
  }, 180_000);

  it('detects a build that commits an attempt after the POST of its order', async () => {
    const folder = await compileSabotaged(ATTEMPT_AFTER_POST);
    const { findings } = await chaosRun(folder, 1, 0, 2, { kill: { at: 'step', step: 'posted', count: 1 } });
    rmSync(folder, { recursive: true });
    expect(findings.map(({ what }) => what)).toContainEqual(expect.stringMatching(/^two couriers/));
  }, 180_000);
});
