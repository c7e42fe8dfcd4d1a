import { afterEach, describe, expect, it } from '@jest/globals';
import { LalamoveSandbox } from 'nestjs-lalamove/sandbox';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DOCTOR_CHECKS } from 'nestjs-lalamove/doctor';
import { runDoctor, type DoctorResult } from '../../src/doctor/run-doctor.js';

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function variables(prefix = 'LALAMOVE_'): Promise<Record<string, string>> {
  const sandbox = await LalamoveSandbox.start();
  ends.push(() => sandbox.stop());
  return {
    [`${prefix}API_KEY`]: sandbox.apiKey,
    [`${prefix}API_SECRET`]: sandbox.apiSecret,
    [`${prefix}MARKET`]: 'HK',
    [`${prefix}BASE_URL`]: sandbox.url,
  };
}

function run(args: readonly string[], env: Record<string, string> = {}, isColoured = false): Promise<DoctorResult> {
  return runDoctor(args, { env, isColoured });
}

describe('lalamove-doctor', () => {
  it('prints a line for each check, and ends with 0', async () => {
    const { code, out, err } = await run([], await variables());
    expect([code, err]).toEqual([0, '']);
    const lines = out.trimEnd().split('\n');
    expect(lines.slice(0, DOCTOR_CHECKS.length).map((line) => line.split(/ +/)[1])).toEqual(DOCTOR_CHECKS);
    expect(lines.slice(DOCTOR_CHECKS.length)).toEqual(['', '10 ok, 0 warning, 0 failed, 8 skipped']);
    expect(out).toMatch(/^ok +keys +The keys are pk_test_… and sk_test_…\.$/m);
    expect(out).not.toContain('\u001B');
  });

  it('ends with 1 if a check failed, and names the variable', async () => {
    const env = { ...(await variables()), LALAMOVE_MARKET: '' };
    const { code, out, err } = await run([], env);
    expect([code, err]).toEqual([1, '']);
    expect(out).toMatch(/^failed +market +market \(LALAMOVE_MARKET\) is missing/m);
    expect(out).toMatch(/^skipped +reachable +It was not checked, because market failed\.$/m);
  });

  it('prints JSON', async () => {
    const { code, out } = await run(['--json', '--language', 'en_SG'], await variables());
    const report: unknown = JSON.parse(out);
    expect(code).toBe(1);
    expect(report).toMatchObject({ ok: false, findings: DOCTOR_CHECKS.map((check) => ({ check })) });
  });

  it('colours only if it is told to', async () => {
    expect((await run([], {}, true)).out).toContain('\u001B[31mfailed  \u001B[0m');
    expect((await run([], {})).out).not.toContain('\u001B');
  });

  it('reads a file of variables; the environment and flags have precedence', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'doctor-'));
    ends.push(() => {
      rmSync(folder, { recursive: true });
    });
    const file = join(folder, '.env');
    const lines = Object.entries(await variables('LALAMOVE_TH_')).map(([name, value]) => `${name}="${value}"`);
    writeFileSync(file, lines.join('\n'));
    const args = ['--env-file', file, '--prefix', 'LALAMOVE_TH_'];
    expect((await run(args)).code).toBe(0);
    expect((await run(args, { LALAMOVE_TH_API_SECRET: 'sk_test_other' })).out).toMatch(/^failed +signature/m);
    expect((await run([...args, '--market', 'TH'])).out).toMatch(/^ok +market-accepted +The market TH/m);
  });

  it('names the file .env of the working folder if a variable is missing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'doctor-'));
    ends.push(() => {
      rmSync(folder, { recursive: true });
    });
    const errOf = async (args: readonly string[], env: Record<string, string> = {}): Promise<string> =>
      (await runDoctor(args, { env, isColoured: false, folder })).err;
    expect(await errOf([])).toBe('');
    const file = join(folder, '.env');
    writeFileSync(file, '');
    expect(await errOf([])).toBe('There is a .env here: pass --env-file .env\n');
    expect(await errOf(['--env-file', file])).toBe('');
    expect(await errOf([], await variables())).toBe('');
  });

  it('takes everything from flags', async () => {
    const env = await variables();
    const [apiKey = '', apiSecret = '', market = '', baseUrl = ''] = Object.values(env);
    const args = ['--api-key', apiKey, '--api-secret', apiSecret, '--market', market, '--base-url', baseUrl];
    const more = ['--environment', 'sandbox', '--timeout-ms', '5000', '--webhook-url', `${baseUrl}/nowhere`];
    const { code, out } = await run([...args, ...more]);
    expect(code).toBe(1);
    expect(out).toMatch(/^failed +webhook-reachable .* demands credentials \(401\)/m);
  });

  it.each([
    [['--nonsense'], /--nonsense/],
    [['HK'], /HK/],
    [['--api-secret=', 'sk_prod_hush'], /Unexpected argument 'sk_\[redacted\]'/],
    [['--environment', 'test'], /--environment must be/],
    [['--env-file', '/nowhere/.env'], /--env-file: \/nowhere\/\.env cannot be read: ENOENT/],
  ])('ends with 2 at wrong arguments: %j', async (args, message) => {
    const { code, out, err } = await run(args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
    expect(err).toMatch(/Try --help\.\n$/);
    expect(err).not.toContain('hush');
  });

  it('explains itself', async () => {
    const { code, out } = await run(['--help']);
    expect(code).toBe(0);
    expect(out).toMatch(/Exit code: 0/);
  });

  it('never prints a secret, whatever the option is that it stands in', async () => {
    const secret = 'sk_test_never_to_be_seen';
    const url = `http://127.0.0.1:1/hooks?token=${secret}`;
    const env = { LALAMOVE_API_KEY: secret, LALAMOVE_API_SECRET: secret, LALAMOVE_MARKET: secret };
    for (const args of [[], ['--json'], ['--language', secret], ['--webhook-url', url], ['--base-url', url]]) {
      const { out, err } = await run(args, env);
      expect(out + err).not.toContain('never_to_be');
    }
    const open = { ...(await variables()), LALAMOVE_WEBHOOK_URL: url, LALAMOVE_WEBHOOK_SECRETS: secret };
    expect((await run([], open)).out).not.toContain('never_to_be');
  });
});
