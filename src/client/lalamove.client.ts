import { catchError, defer, map, Observable, of, retry, switchMap, tap, throwError } from 'rxjs';
import type { LalamoveException } from '../errors/lalamove.exception.js';
import { captureContext } from '../internal/async-context.js';
import { abortedBetweenAttempts, attemptFailure, AttemptFailure, noSlotInTime, readAnswer } from './attempt-result.js';
import { CallTrace } from './call-trace.js';
import type { ClientSettings } from './client-settings.js';
import { prepareCall, type Call, type PreparedCall } from './prepare-call.js';
import type { NoSlot } from './rate-limit/rate-limiter.js';
import { retryDelay } from './retry/backoff.js';
import type { SharedParts } from './shared-parts.js';
import { signRequest } from './sign-request.js';
import { send } from './transport/send.js';

/** A call that has been started. */
interface ActiveCall<Answer> {
  readonly call: PreparedCall<Answer>;
  readonly trace: CallTrace;
  /** The attempts that failed so far. */
  readonly failures: AttemptFailure[];
}

/** Makes calls for one account: validates, waits for the rate limit, signs, sends, reads the answer, and retries. */
export class LalamoveClient {
  readonly #settings: ClientSettings;
  readonly #parts: SharedParts;

  constructor(settings: ClientSettings, parts: SharedParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  /**
   * Makes one call: validate, take a rate-limit slot, sign, send, read the answer, retry or not. Cold: nothing is sent
   * before it is subscribed to.
   *
   * @returns one answer; its only error is a `LalamoveException`
   */
  call<Answer>(call: Call<Answer>): Observable<Answer> {
    return defer(() => {
      const active = this.#start(call);
      return defer(() => this.#takeSlot(active)).pipe(
        switchMap(() => this.#attempt(active)),
        catchError((error: unknown) => recordFailure(active, error)),
        retry({ delay: (error: unknown) => this.#beforeRetry(active, error) }),
        tap({
          error: (exception: LalamoveException) => {
            active.trace.gaveUp(exception);
          },
        }),
      );
    });
  }

  #start<Answer>(request: Call<Answer>): ActiveCall<Answer> {
    const call = prepareCall(this.#settings, request);
    return { call, trace: new CallTrace(this.#settings, call.operation, this.#parts.listeners), failures: [] };
  }

  /**
   * Waits for a slot of the rate limit. If none is free in time, a retry ends with the exception of the attempt before.
   */
  #takeSlot({ call, trace, failures }: ActiveCall<unknown>): Observable<void> {
    const { limiter } = this.#parts;
    const { operation, options, sendBefore } = call;
    const { apiKey } = this.#settings;
    if (!limiter || (!options.signal?.aborted && limiter.takeFree(apiKey, operation.name))) return of(undefined);
    return limiter.take(apiKey, operation.name, sendBefore, options.signal).pipe(
      map((ms) => {
        trace.queued(ms);
      }),
      catchError(({ waitMs }: NoSlot) => {
        const last = failures.at(-1)?.exception;
        const exception =
          waitMs === undefined
            ? abortedBetweenAttempts(this.#settings, call, last?.sentRequestId)
            : (last ?? noSlotInTime(this.#settings, call, waitMs));
        return throwError(() => exception);
      }),
    );
  }

  /** Signs and sends once. Its only error is an `AttemptFailure`. */
  #attempt<Answer>({ call, trace, failures }: ActiveCall<Answer>): Observable<Answer> {
    const { http, limiter, retryBudget } = this.#parts;
    return defer(() => {
      const request = signRequest(this.#settings, call);
      const sentBefore = failures.at(-1)?.exception.sentRequestId;
      const context = { settings: this.#settings, call, request, sentBefore };
      trace.sending(request);
      return send(http, request).pipe(
        map((answer) => {
          trace.received(answer);
          limiter?.observe(this.#settings.apiKey, call.operation.name, answer, request.signedAt);
          const read = readAnswer(context, answer);
          retryBudget.earn();
          trace.answered(answer);
          return read;
        }),
        catchError((error: unknown) => {
          const failure = attemptFailure(context, error);
          trace.failed(failure.exception);
          return throwError(() => failure);
        }),
      );
    });
  }

  /**
   * Waits if a retry is allowed, useful, and possible before the deadline; else the call ends with its last exception.
   */
  #beforeRetry({ call, trace, failures }: ActiveCall<unknown>, error: unknown): Observable<void> {
    if (!(error instanceof AttemptFailure)) return throwError(() => error);
    const { clock, retry } = this.#settings;
    const { exception, retryable, isRateLimited } = error;
    const attempts = failures.length;
    const isLast = attempts >= (call.options.maxAttempts ?? retry.maxAttempts);
    // Checked again, whatever the exception says: a call that spends money and may have been carried out is never
    // resent.
    const mayRetry = retryable && (error.outcome !== 'unknown' || call.operation.repeatable);
    const delay = retryDelay(attempts, error, retry, Math.random());
    if (!mayRetry || isLast || clock.now() + delay >= call.sendBefore) return throwError(() => exception);
    // The rate limit has a pause of its own, and a 429 is no sign of an outage: it costs nothing of the retry budget.
    if (!isRateLimited && !this.#parts.retryBudget.spend()) return throwError(() => exception);
    trace.retries(delay, exception);
    return this.#wait(call, delay, exception);
  }

  #wait(call: PreparedCall<unknown>, delayMs: number, exception: LalamoveException): Observable<void> {
    const { signal } = call.options;
    const { clock } = this.#settings;
    return new Observable((subscriber) => {
      // The app's clock, and its abort, call back in an async context of their own.
      const run = captureContext();
      const abort = (): void => {
        run(() => {
          subscriber.error(abortedBetweenAttempts(this.#settings, call, exception.sentRequestId));
        });
      };
      const resume = (): void => {
        // A busy process wakes late: check again whether there is time left.
        if (clock.now() < call.sendBefore) subscriber.next();
        else subscriber.error(exception);
      };
      const cancel = clock.setTimeout(() => {
        run(resume);
      }, delayMs);
      signal?.addEventListener('abort', abort, { once: true });
      if (signal?.aborted) abort();
      return () => {
        cancel();
        signal?.removeEventListener('abort', abort);
      };
    });
  }
}

/**
 * Records a failed attempt. A retry may be refused because an earlier attempt with an unknown outcome was carried out
 * after all, e.g. a cancellation of an order that is cancelled by now: that refusal is the call's success.
 */
function recordFailure<Answer>({ call, failures }: ActiveCall<Answer>, error: unknown): Observable<Answer> {
  const { settled } = call.operation;
  if (error instanceof AttemptFailure) {
    const mayBeDone = failures.some(({ outcome }) => outcome === 'unknown');
    if (settled && mayBeDone && error.exception.code === settled.code) return of(settled.answer);
    failures.push(error);
  }
  return throwError(() => error);
}
