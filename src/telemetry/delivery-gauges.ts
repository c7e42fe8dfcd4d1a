import type { BatchObservableCallback, Meter } from '@opentelemetry/api';
import type { DeliveriesService } from '../deliveries/deliveries.service.js';
import { METRICS } from './metric-names.js';

/**
 * Observes the figures of `DeliveriesService.metrics()` at each collection.
 *
 * @returns ends it
 */
export function observeDeliveries(meter: Meter, deliveries: Pick<DeliveriesService, 'metrics'>): () => void {
  const gauge = (name: string, unit: string, description: string): ReturnType<Meter['createObservableGauge']> =>
    meter.createObservableGauge(name, { unit, description });
  const count = gauge(METRICS.count, '{delivery}', 'Stored deliveries.');
  const oldestDue = gauge(METRICS.oldestDue, 's', 'How long the oldest due delivery has waited for a worker.');
  const unknown = gauge(METRICS.unknownAttempts, '{attempt}', 'Attempts whose outcome is unknown now.');
  const unmatched = gauge(METRICS.unmatchedWebhooks, '{webhook}', 'Webhooks whose order is not known yet.');
  const pending = gauge(METRICS.outboxPending, '{event}', 'Events that wait for their handlers.');
  const setAside = gauge(METRICS.outboxSetAside, '{event}', 'Events whose handlers failed too often.');
  const lag = gauge(METRICS.outboxLag, 's', 'How long the oldest event has waited for its handlers.');
  const all = [count, oldestDue, unknown, unmatched, pending, setAside, lag];
  const observe: BatchObservableCallback = async (result) => {
    // While the database is away there are no figures: a gap, and no wrong value.
    const figures = await deliveries.metrics().catch(() => undefined);
    if (!figures) return;
    for (const [state, number] of Object.entries(figures.byState)) {
      result.observe(count, number, { 'lalamove.delivery.state': state });
    }
    result.observe(oldestDue, figures.lagMs / 1000);
    result.observe(unknown, figures.unknownAttempts);
    result.observe(unmatched, figures.unmatched);
    result.observe(pending, figures.pendingEvents);
    result.observe(setAside, figures.setAsideEvents);
    result.observe(lag, figures.outboxLagMs / 1000);
  };
  meter.addBatchObservableCallback(observe, all);
  return () => {
    meter.removeBatchObservableCallback(observe, all);
  };
}
