import { SpanKind, SpanStatusCode, type Span, type Tracer } from '@opentelemetry/api';
import type { LalamoveHooks } from '../client/call-hooks.js';
import { quietly } from './quietly.js';

/** One client span for each attempt of a call, a child of the span that is active where the call is made. */
export function callSpans(tracer: Tracer): Required<LalamoveHooks> {
  /** By call: a call sends one attempt at a time. */
  const spans = new Map<number, Span>();
  return {
    onRequest({ callId, operation, account, sentRequestId, attributes }) {
      const name = `${attributes['http.request.method']} ${attributes['url.template']}`;
      const own = {
        'lalamove.operation': operation,
        'lalamove.account': account,
        'lalamove.sent_request_id': sentRequestId,
      };
      spans.set(callId, tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes: { ...attributes, ...own } }));
    },
    onResponse({ callId, requestId, attributes, error }) {
      const span = spans.get(callId);
      // After `onRetry`, which follows at once.
      queueMicrotask(() => {
        if (spans.get(callId) === span) spans.delete(callId);
        quietly(() => span?.end());
      });
      span?.setAttributes({ ...attributes, ...(requestId !== undefined && { 'lalamove.request_id': requestId }) });
      // Without a message: the code says it, and a message may repeat what was sent.
      if (error) span?.setStatus({ code: SpanStatusCode.ERROR });
    },
    onRetry({ callId, attempt, delayMs, error }) {
      const attributes = { 'lalamove.attempt': attempt, 'lalamove.delay_ms': delayMs, 'error.type': error.code };
      spans.get(callId)?.addEvent('lalamove.retry', attributes);
    },
  };
}
