import type { DeliveriesMetrics } from '../deliveries/deliveries-metrics.js';
import type { HealthProblem } from './health-problem.js';
import type { DeliveriesHealthOptions } from './lalamove-health.options.js';

/** The app has no deliveries. */
export const NO_DELIVERIES: HealthProblem = {
  reason: 'NOT_REGISTERED',
  severity: 'down',
  message: 'The app has no DeliveriesModule.',
  remedy: 'Import DeliveriesModule.forRoot(), or leave this indicator out.',
};

/** The storage does not answer. */
export const NO_STORAGE: HealthProblem = {
  reason: 'STORAGE',
  severity: 'down',
  message: 'The storage of deliveries failed, or did not answer in time.',
  remedy: 'Look into the log of the app, and check the database: is it up, is the disk full, are connections left?',
};

/** Finds the figures that exceed their limits. @param unknownMs how long there have been attempts of unknown outcome */
export function deliveriesProblems(
  { lagMs, unknownAttempts, outboxLagMs, pendingEvents }: DeliveriesMetrics,
  unknownMs: number,
  limits: Required<Pick<DeliveriesHealthOptions, 'maxLagMs' | 'maxUnknownMs' | 'maxOutboxLagMs'>>,
): HealthProblem[] {
  const problems: HealthProblem[] = [];
  const add = (reason: HealthProblem['reason'], message: string, remedy: string): void => {
    problems.push({ reason, severity: 'down', message, remedy });
  };
  if (lagMs > limits.maxLagMs) {
    const remedy = 'Check that a worker runs and that the database is fast; start more workers.';
    add('DELIVERIES_LATE', `A delivery has been due for ${seconds(lagMs)} s, and no worker took it.`, remedy);
  }
  if (unknownAttempts > 0 && unknownMs > limits.maxUnknownMs) {
    const remedy = 'Look for the orders in the partner portal, and decide with DeliveriesService.resolve().';
    add('OUTCOME_UNKNOWN', `For ${unknownAttempts} attempts nobody knows whether Lalamove has an order.`, remedy);
  }
  if (outboxLagMs > limits.maxOutboxLagMs) {
    const remedy = 'Mend the handlers that the log names, and check that a worker runs.';
    add(
      'OUTBOX_LATE',
      `${pendingEvents} events wait for their handlers, the oldest for ${seconds(outboxLagMs)} s.`,
      remedy,
    );
  }
  return problems;
}

const seconds = (ms: number): number => Math.round(ms / 1000);
