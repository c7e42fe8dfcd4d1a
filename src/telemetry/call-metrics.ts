import type { Meter } from '@opentelemetry/api';
import type { LalamoveHooks } from '../client/call-hooks.js';
import { defined } from './defined.js';
import { METRICS } from './metric-names.js';

/** In seconds, as the conventions advise for HTTP. */
const BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** The metrics of calls. */
export function callMetrics(meter: Meter): Required<LalamoveHooks> {
  const seconds = { unit: 's', advice: { explicitBucketBoundaries: BOUNDARIES } };
  const duration = meter.createHistogram(METRICS.requestDuration, {
    description: 'Duration of HTTP client requests.',
    ...seconds,
  });
  const wait = meter.createHistogram(METRICS.rateLimitWait, {
    description: 'How long calls waited for the rate limit before they were first sent.',
    ...seconds,
  });
  const retries = meter.createCounter(METRICS.retries, { description: 'Calls that were sent again.', unit: '{retry}' });
  return {
    onRequest({ operation, account, attempt, queuedMs }) {
      const attributes = defined({ 'lalamove.operation': operation, 'lalamove.account': account });
      if (attempt === 1 && queuedMs > 0) wait.record(queuedMs / 1000, attributes);
    },
    onResponse({ account, durationMs, attributes }) {
      // Not the count of resends: each would be a series of its own.
      const own = { ...attributes, 'http.request.resend_count': undefined, 'lalamove.account': account };
      duration.record(durationMs / 1000, defined(own));
    },
    onRetry({ operation, account, error }) {
      const attributes = { 'lalamove.operation': operation, 'lalamove.account': account, 'error.type': error.code };
      retries.add(1, defined(attributes));
    },
  };
}
