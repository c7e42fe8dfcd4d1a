import type { InternalAxiosRequestConfig } from 'axios';
import { isUnconnected } from '../../errors/connection-codes.js';
import { isRecord } from '../../internal/is-record.js';
import type { AnswerBody } from './answer-body.js';

/** An answer as far as it has come. */
export interface ArrivingAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: AnswerBody;
}

/** The dispatch of a request, by the `transformRequest` that travels in its config. */
const DISPATCHES = new WeakMap<object, Dispatch>();

/**
 * What became of one request inside axios: how often it was sent, whether a byte of it may have left, what came back. None of that can be
 * read off an error alone: an interceptor may have sent it twice, or thrown an error that is another request's.
 */
export class Dispatch {
  /** The answer of the one sending that our own exchange made, from its head on. */
  answer: ArrivingAnswer | undefined;
  #sent = 0;
  #answered = false;
  #entered = 0;
  #isOnWire = false;
  #wasStopped = false;
  #stop: (() => void) | undefined;
  #failure: Error | undefined;

  constructor() {
    DISPATCHES.set(this.onRequest, this);
  }

  /** The dispatch that a request of ours travels with; none where an interceptor has put another `transformRequest` in place of ours. */
  static of({ transformRequest }: Pick<InternalAxiosRequestConfig, 'transformRequest'>): Dispatch | undefined {
    return typeof transformRequest === 'function' ? DISPATCHES.get(transformRequest) : undefined;
  }

  /** Axios runs this ahead of every sending, whatever its adapter. */
  readonly onRequest = (data: unknown): unknown => {
    this.#sent += 1;
    return data;
  };

  /** Axios runs this on every answer. */
  readonly onResponse = (data: unknown): unknown => {
    this.#answered = true;
    return data;
  };

  /**
   * Our exchange begins.
   *
   * @param stop ends it
   */
  enter(stop: () => void): void {
    this.#entered += 1;
    this.#stop = stop;
  }

  /** Ends what is under way in our exchange: by itself, for an interceptor may have put another signal in place of ours. */
  cancel(): void {
    this.#stop?.();
  }

  /** There is a connection: from now on bytes may leave. */
  connected(): void {
    this.#isOnWire = true;
  }

  /** Our exchange was stopped, and sends nothing any more. */
  stopped(): void {
    this.#wasStopped = true;
  }

  /** Our exchange has ended. */
  leave(failure?: Error): void {
    this.#stop = undefined;
    this.#failure = failure;
  }

  /**
   * Whether an error proves that the request never left: the connection of its one sending was never made. That no sending was noted proves
   * nothing, for a test may have put another `HttpService` in place of ours.
   */
  neverLeft(error: unknown): boolean {
    if (this.#sent !== 1 || this.#answered) return false;
    if (this.#entered > 0) return this.#isOwnEnd(error) && !this.#isOnWire;
    return isRecord(error) && isRecord(error.config) && error.config.transformRequest === this.onRequest
      ? isUnconnected(error)
      : false;
  }

  /**
   * The answer whose status says enough although it broke off, or was complete when an interceptor was stopped that kept it: a refusal, or a failure
   * of Lalamove's.
   *
   * @param error `undefined` for a stop
   */
  tellingAnswer(error: unknown): (ArrivingAnswer & { readonly isCut: boolean }) | undefined {
    const { answer } = this;
    const isKept = error === undefined && this.#entered === 1 && !this.#failure;
    const isTelling = this.#sent === 1 && (isKept || this.#isOwnEnd(error));
    return isTelling && answer && answer.status >= 400 ? { ...answer, isCut: !isKept } : undefined;
  }

  /** Whether it ended in our exchange, by the error given, or by being stopped while there; and not in an interceptor, before or after. */
  #isOwnEnd(error: unknown): boolean {
    if (this.#entered !== 1) return false;
    // Axios wraps what its adapters throw.
    const isOurs = error === this.#failure || (isRecord(error) && error.cause === this.#failure);
    return this.#wasStopped || (this.#failure !== undefined && isOurs);
  }
}
