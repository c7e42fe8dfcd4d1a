import { expect } from '@jest/globals';
import { LalamoveDoctor, type DoctorCheck, type DoctorOptions, type DoctorReport } from 'nestjs-lalamove/doctor';
import type { LalamoveSandbox } from 'nestjs-lalamove/sandbox';

/** The options of a doctor for a sandbox. */
export function doctorOn({ apiKey, apiSecret, url: baseUrl }: LalamoveSandbox): DoctorOptions {
  return { apiKey, apiSecret, market: 'HK', baseUrl, language: 'en_HK', timeoutMs: 5000 };
}

/** Examines, and checks that no secret is in the report. */
export async function examined(options: DoctorOptions): Promise<DoctorReport> {
  const report = await new LalamoveDoctor(options).examine();
  for (const secret of [options.apiSecret, options.apiKey, ...(options.webhook?.secrets ?? [])]) {
    // A key of up to its prefix may be shown.
    if ((secret ?? '').length > 8) expect(JSON.stringify(report)).not.toContain(secret);
  }
  return report;
}

/** The checks that failed or warn, each with its message and remedy. */
export function problemsOf({ findings }: DoctorReport): Partial<Record<DoctorCheck, string>> {
  const found = findings.filter(({ status }) => status === 'failed' || status === 'warning');
  return Object.fromEntries(found.map((it) => [it.check, `${it.status}: ${it.message} ${it.remedy ?? ''}`]));
}
