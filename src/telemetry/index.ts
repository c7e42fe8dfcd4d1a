export { LalamoveTelemetryModule } from './lalamove-telemetry.module.js';
export {
  LalamoveTelemetryOptionsException,
  type LalamoveTelemetryModuleOptions,
} from './lalamove-telemetry.options.js';
