/** The value of an attribute of a trace. One that is `undefined` is left out. */
export type TraceAttributes = Readonly<Record<string, string | number | undefined>>;

/** A piece of work of this package, for a trace. */
export interface TracedWork {
  readonly name: 'book' | 'webhook' | 'work';
  readonly attributes: TraceAttributes;
  /** What has led to it: W3C `traceparent`s of other traces. */
  readonly links?: readonly (string | undefined)[];
}

/** Adds attributes that are known only later. */
export type NoteAttributes = (attributes: TraceAttributes) => void;

/** Traces the work of this package. The entry point for telemetry implements it. */
export interface WorkTracer {
  /** Runs the work exactly once, and returns what it returns. */
  around<T>(work: TracedWork, run: (note: NoteAttributes) => Promise<T>): Promise<T>;
  /** The W3C `traceparent` of the current context; `undefined` if there is none. */
  capture(): string | undefined;
}

/** Holds the tracer of an app. It is set when the app starts. */
export class WorkTracing {
  tracer: WorkTracer | undefined;

  run<T>(work: TracedWork, run: (note: NoteAttributes) => Promise<T>): Promise<T> {
    return this.tracer ? this.tracer.around(work, run) : run(() => undefined);
  }
}

/** Injection token of {@link WorkTracing}: a text, because an app may load two copies of this package. */
export const WORK_TRACING = 'nestjs-lalamove:work-tracing';
