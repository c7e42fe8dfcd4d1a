import { afterEach, describe, expect, it } from '@jest/globals';
import { LalamoveSandbox, type LalamoveSandboxOptions } from 'nestjs-lalamove/sandbox';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runConformanceCommand } from '../../src/conformance/run-conformance-command.js';

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function variables(options: LalamoveSandboxOptions = {}): Promise<Record<string, string>> {
  const sandbox = await LalamoveSandbox.start(options);
  ends.push(() => sandbox.stop());
  return {
    LALAMOVE_API_KEY: sandbox.apiKey,
    LALAMOVE_API_SECRET: sandbox.apiSecret,
    LALAMOVE_MARKET: 'HK',
    LALAMOVE_BASE_URL: sandbox.url,
  };
}

async function run(
  args: readonly string[],
  env: Record<string, string>,
  signal = new AbortController().signal,
): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await runConformanceCommand(args, {
    env,
    signal,
    print: (text) => (out += text),
    warn: (text) => (err += text),
  });
  return { code, out, err };
}

describe('lalamove-conformance', () => {
  it('says what it will do, and writes the exchanges', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
    ends.push(() => {
      rmSync(folder, { recursive: true });
    });
    const env = await variables();
    const { code, out, err } = await run(['--out', folder], env);
    expect(code).toBe(0);
    expect(out).toMatch(/31 steps, 0 differences, 1 not compared\n$/);
    expect(err).toMatch(/^About to send some 35 requests to 127\.0\.0\.1:\d+.* orders/);
    expect(err).toMatch(/\nplace\nget-order\n/);
    const files = readdirSync(folder).sort();
    expect(files).toHaveLength(31);
    expect(files.slice(0, 2)).toEqual(['01-cities.200.json', '02-bad-signature.401.json']);
    const recorded: unknown = JSON.parse(readFileSync(join(folder, files[0] ?? ''), 'utf8'));
    expect(Object.keys(Object(recorded) as object)).toEqual(['request', 'response', 'recordedAt']);
    const all = files.map((file) => readFileSync(join(folder, file), 'utf8')).join('');
    for (const secret of [env.LALAMOVE_API_KEY ?? '', env.LALAMOVE_API_SECRET ?? '']) expect(all).not.toContain(secret);
  });

  it('ends with 1 for differences, also as JSON', async () => {
    const env = await variables({ unknowns: { reorderedQuotation: 'refused' } });
    const { code, out } = await run(['--json'], env);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ ok: false, differences: [{ kind: 'status' }, { kind: 'codes' }] });
  });

  it('sends nothing to another machine without --yes', async () => {
    const env = { ...(await variables()), LALAMOVE_BASE_URL: '' };
    const { code, out, err } = await run([], env);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/rest\.sandbox\.lalamove\.com.*\n.*\nNothing was sent\. Start it with --yes\.\n$/);
  });

  it.each([
    [['--nonsense'], /--nonsense/],
    [['sk_test_hush'], /Unexpected argument/],
    [['--api-key', 'pk_prod_hush'], /must be a pk_test_ key/],
    [['--base-url', 'https://rest.lalamove.com', '--yes'], /not production/],
    [['--timeout-ms', 'x'], /timeoutMs must be/],
  ])('ends with 2 for %j', async (args, message) => {
    const { code, out, err } = await run(args, await variables());
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
    expect(err).not.toContain('hush');
  });

  it('explains itself', async () => {
    expect(await run(['--help'], {})).toMatchObject({ code: 0, out: expect.stringMatching(/--yes/) });
  });
});
