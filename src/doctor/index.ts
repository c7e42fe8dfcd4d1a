export {
  DOCTOR_CHECKS,
  type DoctorCheck,
  type DoctorFinding,
  type DoctorReport,
  type DoctorStatus,
} from './doctor-report.js';
export type { DoctorOptions } from './doctor.options.js';
export { formatDoctorReport } from './format-report.js';
export { LalamoveDoctor } from './lalamove-doctor.js';
