import type { HttpService } from '@nestjs/axios';
import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { defer, Observable, type Observer, type Subscriber } from 'rxjs';
import { Readable } from 'node:stream';
import { answerHeaders } from '../../errors/answer-headers.js';
import type { UpstreamAnswer } from '../../errors/translate-answer.js';
import { captureContext } from '../../internal/async-context.js';
import { isUnreadable, readBody, wholeBody, type ReadBody } from './answer-body.js';
import { AttemptSignal } from './attempt-signal.js';
import { LalamoveHttpService } from './lalamove-http.service.js';
import type { LalamoveRequest } from './lalamove-request.js';
import { RequestTracker } from './request-tracker.js';
import { sendWithoutAxios } from './send-without-axios.js';
import { trackedAdapter } from './tracked-adapter.js';
import { TransportFailure } from './transport-failure.js';

/** What is read of an axios response; its body may be anything that an adapter or a mock returns. */
type Response = Pick<AxiosResponse<unknown>, 'status' | 'headers' | 'data'>;

/**
 * Sends one request through `@nestjs/axios` and reads its answer, whatever its status. Unsubscribing stops it.
 *
 * @returns one answer; its only error is a {@link TransportFailure}
 */
export function send(http: HttpService, request: LalamoveRequest): Observable<UpstreamAnswer> {
  return new Observable((subscriber) => {
    if (request.signal?.aborted) {
      subscriber.error(new TransportFailure('aborted', { isUnsent: true }));
      return undefined;
    }
    const sending = new Sending(request, subscriber);
    const subscription = responseOf(http, request, sending).subscribe(sending);
    return () => {
      subscription.unsubscribe();
      sending.stop();
    };
  });
}

function responseOf(
  http: HttpService,
  request: LalamoveRequest,
  { tracker, signal }: Pick<Sending, 'tracker' | 'signal'>,
): Observable<Response> {
  // Axios would send the same bytes, at the CPU of a second request: it is skipped unless the app has changed it.
  if (http instanceof LalamoveHttpService && http.canSkipAxios) {
    return defer(() => sendWithoutAxios(http.axiosRef, request, tracker));
  }
  const config = axiosConfig(request, tracker, signal);
  const isTracked = http instanceof LalamoveHttpService && http.hasOwnAdapter;
  return defer(() => http.request<unknown>(isTracked ? { ...config, adapter: trackedAdapter(tracker) } : config));
}

function axiosConfig(
  { method, url, headers, body }: LalamoveRequest,
  tracker: RequestTracker,
  signal: AttemptSignal,
): AxiosRequestConfig<string> {
  return {
    method,
    url,
    headers,
    data: body,
    signal,
    // With other adapters than ours, we read the body: of any status, up to a limit, and even if it breaks off.
    responseType: 'stream',
    validateStatus: () => true,
    // They only count: the signature covers these exact bytes, so that nothing may be transformed.
    transformRequest: tracker.onRequest,
    transformResponse: tracker.onResponse,
    maxRedirects: 0,
    timeout: 0,
  };
}

/** A request on its way: turns the response, the error or the abort, whichever is first, into one result. */
class Sending implements Observer<Response> {
  readonly tracker = new RequestTracker();
  readonly signal: AttemptSignal;
  readonly #subscriber: Subscriber<UpstreamAnswer>;
  // A kept connection calls back in the async context of the call that opened it, and an abort in that of its caller.
  readonly #run = captureContext();
  #response: Response | undefined;
  #isReadingStream = false;

  constructor({ timeoutMs, signal }: LalamoveRequest, subscriber: Subscriber<UpstreamAnswer>) {
    this.#subscriber = subscriber;
    this.signal = new AttemptSignal(timeoutMs, signal);
    this.signal.addEventListener('abort', () => {
      this.tracker.cancel();
      this.error(undefined);
    });
  }

  next(response: Response): void {
    const { status, data } = response;
    this.#response = response;
    if (data instanceof Readable) {
      this.#isReadingStream = true;
      void this.#readStream(data, response);
      return;
    }
    try {
      this.#succeed(response, wholeBody(data, status));
    } catch (error) {
      this.error(error);
    }
  }

  error(error: unknown): void {
    if (this.#subscriber.closed) return;
    // Of a refusal, the reader of the stream returns what it has once it is stopped.
    if (this.signal.aborted && this.#isReadingStream && this.#response && this.#response.status >= 400) return;
    const answer = this.tracker.refusalDespite(error);
    this.#run(() => {
      if (answer) this.#emit(answer);
      else this.#subscriber.error(this.#failure(error));
    });
  }

  complete(): void {
    if (!this.#response) this.error(new Error('The HttpService gave no response.'));
  }

  /** Nobody waits for the answer any more. */
  stop(): void {
    this.tracker.cancel();
    this.signal.stop();
  }

  async #readStream(stream: Readable, response: Response): Promise<void> {
    try {
      const body = await readBody(stream, response.status, this.signal);
      // After the end of the body, its socket may already serve another request: an abort must not destroy it.
      this.signal.dispose();
      this.#succeed(response, body);
    } catch (error) {
      this.error(error);
    }
  }

  #succeed({ status, headers }: Response, { body, isCut }: ReadBody): void {
    this.#run(() => {
      this.#emit({ status, headers: answerHeaders(headers), body, isCut });
    });
  }

  #emit(answer: UpstreamAnswer): void {
    this.#subscriber.next(answer);
    this.#subscriber.complete();
  }

  #failure(cause: unknown): TransportFailure {
    const { status, headers } = this.#response ?? {};
    const head = status === undefined ? this.tracker.head : { status, headers: answerHeaders(headers) };
    const isUnsent = this.tracker.isUnsent(cause);
    if (this.signal.aborted) return new TransportFailure(this.signal.kind, { head, isUnsent });
    return new TransportFailure(isUnreadable(cause) ? 'unreadable' : 'connection', { head, cause, isUnsent });
  }
}
