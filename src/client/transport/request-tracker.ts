import type { IncomingMessage } from 'node:http';
import { answerHeaders } from '../../errors/answer-headers.js';
import { isUnconnected } from '../../errors/is-unconnected.js';
import type { UpstreamAnswer } from '../../errors/translate-answer.js';
import { isRecord } from '../../internal/is-record.js';
import type { AnswerBody } from './answer-body.js';

/**
 * Records what became of one request: how often it was sent, whether a byte of it may have left the process, and which
 * part of the answer arrived. An error alone does not tell: an interceptor may have sent the request twice, or may have
 * thrown the error of another request.
 */
export class RequestTracker {
  #timesSent = 0;
  #isAnswered = false;
  /** How often `sendOverHttp` was called for it. */
  #timesOverHttp = 0;
  #mayHaveLeft = false;
  #isCancelled = false;
  readonly #stops = new Set<() => void>();
  #failure: Error | undefined;
  #incoming: IncomingMessage | undefined;
  #body: AnswerBody | undefined;

  /** The `transformRequest` of its axios config: axios calls it before each sending, with any adapter. */
  readonly onRequest = (data: unknown): unknown => {
    this.#timesSent += 1;
    return data;
  };

  /** The `transformResponse` of its axios config: axios calls it for each answer. */
  readonly onResponse = (data: unknown): unknown => {
    this.#isAnswered = true;
    return data;
  };

  /**
   * `sendOverHttp` has started.
   *
   * @param stop makes it fail at once
   */
  started(stop: () => void): void {
    this.#timesOverHttp += 1;
    this.#stops.add(stop);
  }

  /** There is a connection: from now on, bytes of the request may have left the process. */
  connected(): void {
    this.#mayHaveLeft = true;
  }

  /** The status and the headers of the answer have arrived. */
  arrived(incoming: IncomingMessage, body: AnswerBody): void {
    this.#incoming = incoming;
    this.#body = body;
  }

  /** `sendOverHttp` has ended. */
  ended(stop: () => void, failure?: Error): void {
    this.#stops.delete(stop);
    this.#failure = failure;
  }

  /** Stops `sendOverHttp` if it is running. The config's signal is not enough: an interceptor may have replaced it. */
  cancel(): void {
    for (const stop of this.#stops) {
      this.#isCancelled = true;
      stop();
    }
  }

  /** Status and headers of the answer, as soon as they have arrived over `sendOverHttp`. */
  get head(): Pick<UpstreamAnswer, 'status' | 'headers'> | undefined {
    const incoming = this.#incoming;
    return incoming && { status: incoming.statusCode ?? 0, headers: answerHeaders(incoming.headers) };
  }

  /**
   * Whether an error proves that the request never left the process: it was sent once, and that connection was never
   * made. A count of 0 proves nothing, because a test may have replaced our `HttpService`.
   */
  isUnsent(error: unknown): boolean {
    if (this.#timesSent !== 1 || this.#isAnswered) return false;
    if (this.#timesOverHttp > 0) return this.#isOwnFailure(error) && !this.#mayHaveLeft;
    const isOfThisRequest =
      isRecord(error) && isRecord(error.config) && error.config.transformRequest === this.onRequest;
    return isOfThisRequest && isUnconnected(error);
  }

  /**
   * The answer to use although the request failed: a status from 400 says enough, even if the body broke off, or if an
   * interceptor kept the complete answer until the request was stopped.
   *
   * @param error `undefined` if the request was stopped
   */
  refusalDespite(error: unknown): UpstreamAnswer | undefined {
    const isComplete = error === undefined && this.#timesOverHttp === 1 && !this.#failure;
    const isOfThisRequest = this.#timesSent === 1 && (isComplete || this.#isOwnFailure(error));
    const { head } = this;
    if (!isOfThisRequest || !head || !this.#body || head.status < 400) return undefined;
    return { ...head, body: this.#body.text(), isCut: !isComplete };
  }

  /** Whether an error is that of the one `sendOverHttp`, and not of an interceptor before or after it. */
  #isOwnFailure(error: unknown): boolean {
    if (this.#timesOverHttp !== 1) return false;
    if (this.#isCancelled) return true;
    // Axios wraps what its adapters throw.
    const isSame = error === this.#failure || (isRecord(error) && error.cause === this.#failure);
    return this.#failure !== undefined && isSame;
  }
}
