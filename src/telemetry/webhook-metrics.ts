import type { Attributes, Meter } from '@opentelemetry/api';
import { defined } from './defined.js';
import { METRICS } from './metric-names.js';

/** Counts webhooks. */
export interface WebhookMetrics {
  received(attributes: Attributes): void;
  /** @param errorType the code of the exception */
  rejected(errorType: string): void;
}

/** The metrics of webhooks. Accounts are no attribute: a marketplace may have thousands. */
export function webhookMetrics(meter: Meter): WebhookMetrics {
  const received = meter.createCounter(METRICS.webhooksReceived, {
    description: 'Webhooks that were answered with 200: new ones, repetitions, and those that hold no event.',
    unit: '{webhook}',
  });
  const rejected = meter.createCounter(METRICS.webhooksRejected, {
    description: 'Webhooks that were refused, or could not be stored.',
    unit: '{webhook}',
  });
  return {
    received: ({ 'lalamove.webhook.event_type': type, 'lalamove.webhook.receipt': receipt }) => {
      received.add(1, defined({ 'lalamove.webhook.event_type': type, 'lalamove.webhook.receipt': receipt }));
    },
    rejected: (errorType) => {
      rejected.add(1, { 'error.type': errorType });
    },
  };
}
