import {
  context,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  type Attributes,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { isRecord } from '../internal/is-record.js';
import type { NoteAttributes, TracedWork, WorkTracer } from '../internal/work-tracing.js';
import { quietly } from './quietly.js';
import { spanContextOf, traceparentOf } from './traceparent.js';
import type { WebhookMetrics } from './webhook-metrics.js';

/** The names of the spans. */
export const WORK_SPANS: Readonly<Record<TracedWork['name'], string>> = {
  book: 'lalamove.delivery.book',
  webhook: 'lalamove.webhook.receive',
  work: 'lalamove.delivery.work',
};

/**
 * Makes a span for each piece of work. The work on a delivery is a trace of its own, linked to those of its booking and
 * of its last webhook: it may happen days later, in another process.
 */
export class WorkSpans implements WorkTracer {
  constructor(
    private readonly tracer: Tracer | undefined,
    private readonly webhooks: WebhookMetrics | undefined,
  ) {}

  capture(): string | undefined {
    return this.tracer && quietly(() => traceparentOf(trace.getSpanContext(context.active())));
  }

  async around<T>(work: TracedWork, run: (note: NoteAttributes) => Promise<T>): Promise<T> {
    const attributes: Attributes = { ...work.attributes };
    const isRoot = work.name === 'work';
    const parent = isRoot ? ROOT_CONTEXT : context.active();
    const span = quietly(() =>
      this.tracer?.startSpan(WORK_SPANS[work.name], { attributes, links: linksOf(work) }, parent),
    );
    const noting = (): Promise<T> =>
      run((noted) => {
        Object.assign(attributes, noted);
        quietly(() => span?.setAttributes({ ...noted }));
      });
    try {
      const result = await (span ? context.with(trace.setSpan(parent, span), noting) : noting());
      if (work.name === 'webhook') quietly(() => this.webhooks?.received(attributes));
      return result;
    } catch (error) {
      const errorType = typeOf(error);
      if (work.name === 'webhook') quietly(() => this.webhooks?.rejected(errorType));
      if (span)
        quietly(() => {
          fail(span, errorType);
        });
      throw error;
    } finally {
      quietly(() => span?.end());
    }
  }
}

/** The stored traces, and that of a caller who waits for the work. */
function linksOf({ name, links = [] }: TracedWork): { context: NonNullable<ReturnType<typeof spanContextOf>> }[] {
  const caller = name === 'work' ? traceparentOf(trace.getSpanContext(context.active())) : undefined;
  return [...new Set([...links, caller])].flatMap((traceparent) => {
    const linked = spanContextOf(traceparent);
    return linked ? [{ context: linked }] : [];
  });
}

/** Without the message of the error, which may repeat personal data. */
function fail(span: Span, errorType: string): void {
  span.setAttribute('error.type', errorType);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

function typeOf(error: unknown): string {
  if (isRecord(error) && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : '_OTHER';
}
