import { catchError, defer, map, Observable, of, retry, switchMap, tap, throwError } from 'rxjs';
import { captureContext } from '../internal/async-context.js';
import type { LalamoveException } from '../errors/lalamove.exception.js';
import { signAttempt } from './sign-attempt.js';
import { CallTrace } from './call-trace.js';
import type { ClientSettings } from './client-settings.js';
import { abortedBetweenAttempts, attemptFailure, AttemptFailure, noSlotInTime, readAnswer } from './attempt-result.js';
import { prepareCall, type CallRequest, type PreparedCall } from './prepare-call.js';
import type { NoSlot } from './rate-limit/rate-limiter.js';
import { retryDelay } from './retry/backoff.js';
import type { SharedParts } from './shared-parts.js';
import { send } from './transport/send.js';

/** A call under way. */
interface Course<Answer> {
  readonly call: PreparedCall<Answer>;
  readonly trace: CallTrace;
  /** How each sending so far has failed. */
  readonly earlier: AttemptFailure[];
}

/** Makes calls for one account: checks, waits for the rate limit, signs, sends, reads, and repeats what may be repeated. */
export class LalamoveClient {
  readonly #settings: ClientSettings;
  readonly #parts: SharedParts;

  constructor(settings: ClientSettings, parts: SharedParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  /**
   * A call's way: check, take a rate-limit slot, sign, send, read, repeat or not. Cold: nothing travels before it is subscribed to.
   * It errors with a `LalamoveException` and nothing else.
   */
  call<Answer>(request: CallRequest<Answer>): Observable<Answer> {
    return defer(() => {
      const course = this.#begin(request);
      return defer(() => this.#slot(course)).pipe(
        switchMap(() => this.#attempt(course)),
        catchError((end: unknown) => settle(course, end)),
        retry({ delay: (end: unknown) => this.#beforeRepeat(course, end) }),
        tap({
          error: (exception: LalamoveException) => {
            course.trace.gaveUp(exception);
          },
        }),
      );
    });
  }

  #begin<Answer>(request: CallRequest<Answer>): Course<Answer> {
    const call = prepareCall(this.#settings, request);
    return { call, trace: new CallTrace(this.#settings, call.operation), earlier: [] };
  }

  /** Waits for a slot of the rate limit; without one in time, the call ends with its last exception, if there was one. */
  #slot({ call, trace, earlier }: Course<unknown>): Observable<void> {
    const { limiter } = this.#parts;
    const { operation, options, sendBefore } = call;
    const { apiKey } = this.#settings;
    if (!limiter || (!options.signal?.aborted && limiter.takeFree(apiKey, operation.name))) return of(undefined);
    return limiter.take(apiKey, operation.name, sendBefore, options.signal).pipe(
      map((ms) => {
        trace.queued(ms);
      }),
      catchError(({ waitMs }: NoSlot) => {
        const last = earlier.at(-1)?.exception;
        const exception =
          waitMs === undefined
            ? abortedBetweenAttempts(this.#settings, call, last?.sentRequestId)
            : (last ?? noSlotInTime(this.#settings, call, waitMs));
        return throwError(() => exception);
      }),
    );
  }

  /** One sending. It errors with an `AttemptFailure`. */
  #attempt<Answer>({ call, trace, earlier }: Course<Answer>): Observable<Answer> {
    const { http, limiter, retryBudget } = this.#parts;
    return defer(() => {
      const attempt = signAttempt(this.#settings, call);
      const sentBefore = earlier.at(-1)?.exception.sentRequestId;
      const context = { settings: this.#settings, call, attempt, sentBefore };
      trace.sending(attempt);
      return send(http, attempt).pipe(
        map((answer) => {
          limiter?.observe(this.#settings.apiKey, call.operation.name, answer, attempt.signedAt);
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

  /** Waits where a repeat is allowed, worth it, and possible within the deadline; else ends the call with its last exception. */
  #beforeRepeat({ call, trace, earlier }: Course<unknown>, end: unknown): Observable<void> {
    if (!(end instanceof AttemptFailure)) return throwError(() => end);
    const { clock, retry } = this.#settings;
    const { exception, retryable, isRateLimited } = end;
    const attempts = earlier.length;
    const isLast = attempts >= (call.options.maxAttempts ?? retry.maxAttempts);
    // Whatever else is said of it: what may have been carried out is sent again only where that does no harm.
    const mayRepeat = retryable && (end.outcome !== 'unknown' || call.operation.repeatable);
    const delay = retryDelay(attempts, end, retry, Math.random());
    if (!mayRepeat || isLast || clock.now() + delay >= call.sendBefore) return throwError(() => exception);
    // What was refused for want of a slot has its own limit, and is no sign of an outage.
    if (!isRateLimited && !this.#parts.retryBudget.spend()) return throwError(() => exception);
    trace.repeats(delay, exception);
    return this.#wait(call, delay, exception);
  }

  #wait(call: PreparedCall<unknown>, delayMs: number, exception: LalamoveException): Observable<void> {
    const { signal } = call.options;
    const { clock } = this.#settings;
    return new Observable((subscriber) => {
      // A clock of the host's, or whoever aborts, calls back in a context of its own.
      const run = captureContext();
      const giveUp = (): void => {
        run(() => {
          subscriber.error(abortedBetweenAttempts(this.#settings, call, exception.sentRequestId));
        });
      };
      const goOn = (): void => {
        // A busy process wakes late; what has no time left is not sent.
        if (clock.now() < call.sendBefore) subscriber.next();
        else subscriber.error(exception);
      };
      const cancel = clock.setTimeout(() => {
        run(goOn);
      }, delayMs);
      signal?.addEventListener('abort', giveUp, { once: true });
      if (signal?.aborted) giveUp();
      return () => {
        cancel();
        signal?.removeEventListener('abort', giveUp);
      };
    });
  }
}

/** Notes how a sending failed; after one that may have been carried out, a refusal that says so is the success. */
function settle<Answer>({ call, earlier }: Course<Answer>, end: unknown): Observable<Answer> {
  const { settled } = call.operation;
  if (end instanceof AttemptFailure) {
    const needsRead = earlier.some(({ outcome }) => outcome === 'unknown');
    if (settled && needsRead && end.exception.code === settled.code) return of(settled.answer);
    earlier.push(end);
  }
  return throwError(() => end);
}
