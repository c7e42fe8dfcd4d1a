/** A signed request to Lalamove, to be sent once: a retry is a request of its own, signed again. */
export interface LalamoveRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** Ms of real time until the request is given up, even if the account has a clock of its own. */
  readonly timeoutMs: number;
  /** The caller's signal. */
  readonly signal: AbortSignal | undefined;
  /** The `Request-ID` header. */
  readonly requestId: string;
  /** Part of the `Authorization` header; it must not appear in an exception or a log line. */
  readonly signature: string;
  /** Unix ms by the account's clock. */
  readonly signedAt: number;
}
