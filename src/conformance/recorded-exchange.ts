/** A request and its answer, with keys, contacts and addresses blanked. The form is that of the recorded fixtures. */
export interface RecordedExchange {
  /** The step of the scenario. */
  readonly step: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
  /** `error` in place of an answer: the code of the failure. */
  readonly response: RecordedAnswer | { readonly error: string };
  /** The `date` header of the answer, or the time of this machine. */
  readonly recordedAt: string;
}

/** An answer that was recorded. */
export interface RecordedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
