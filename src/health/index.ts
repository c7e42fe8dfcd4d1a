export { DeliveriesHealthIndicator, type DeliveriesHealthCheck } from './deliveries-health.indicator.js';
export type { HealthProblem, HealthReason } from './health-problem.js';
export { LalamoveHealthIndicator, type LalamoveHealthCheck } from './lalamove-health.indicator.js';
export { LalamoveHealthModule } from './lalamove-health.module.js';
export {
  LalamoveHealthOptionsException,
  type DeliveriesHealthOptions,
  type LalamoveHealthModuleOptions,
  type LalamoveHealthOptions,
} from './lalamove-health.options.js';
