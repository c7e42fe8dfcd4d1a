/** The names of all metrics. */
export const METRICS = {
  requestDuration: 'http.client.request.duration',
  rateLimitWait: 'lalamove.client.rate_limit.wait',
  retries: 'lalamove.client.retries',
  webhooksReceived: 'lalamove.webhooks.received',
  webhooksRejected: 'lalamove.webhooks.rejected',
  booked: 'lalamove.deliveries.booked',
  ended: 'lalamove.deliveries.ended',
  outcomesUnknown: 'lalamove.deliveries.outcomes_unknown',
  attentionNeeded: 'lalamove.deliveries.attention_needed',
  count: 'lalamove.deliveries.count',
  oldestDue: 'lalamove.deliveries.oldest_due',
  unknownAttempts: 'lalamove.deliveries.unknown_attempts',
  unmatchedWebhooks: 'lalamove.deliveries.unmatched_webhooks',
  outboxPending: 'lalamove.deliveries.outbox.pending',
  outboxSetAside: 'lalamove.deliveries.outbox.set_aside',
  outboxLag: 'lalamove.deliveries.outbox.lag',
} as const;
