import { describe, expect, it } from '@jest/globals';
import { formatConformanceReport, runConformance } from 'nestjs-lalamove/conformance';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { differencesOf } from './examples/conformance.js';
import { fencesOf, read } from './fences.js';

const PAGE = 'docs/guides/conformance.md';

describe(PAGE, () => {
  it('shows the report, and a program that works', async () => {
    const sandbox = await LalamoveSandbox.start({ unknowns: { reorderedQuotation: 'refused' } });
    const { apiKey, apiSecret, url: baseUrl } = sandbox;
    const report = await runConformance({ apiKey, apiSecret, market: 'HK', baseUrl });
    const [shown] = fencesOf(PAGE).filter(({ language }) => language === 'text');
    expect(shown?.code.trim()).toBe(formatConformanceReport(report));
    expect(await differencesOf(apiKey, apiSecret, baseUrl)).toEqual([]);
    await sandbox.stop();
  });

  it('names every flag', () => {
    const usage = read('src/conformance/run-conformance-command.ts');
    const flags = [...usage.matchAll(/^ {2}(--[\w-]+)/gm)].map(([, flag = '']) => flag);
    expect(flags.length).toBeGreaterThan(7);
    expect(flags.filter((flag) => !read(PAGE).includes(`\`${flag}`))).toEqual([]);
  });
});
