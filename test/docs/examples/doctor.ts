import { lalamoveOptionsFromEnv } from 'nestjs-lalamove';
import { formatDoctorReport, LalamoveDoctor } from 'nestjs-lalamove/doctor';

export async function failIfUnwell(): Promise<void> {
  const report = await new LalamoveDoctor({ ...lalamoveOptionsFromEnv(), language: 'en_HK' }).examine();
  if (!report.ok) throw new Error(formatDoctorReport(report));
}
