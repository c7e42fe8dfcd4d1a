import type { HttpService } from '@nestjs/axios';
import { catchError, defer, map, Observable, of, retry, switchMap, throwError } from 'rxjs';
import type { LalamoveException } from '../errors/lalamove.exception.js';
import { signAttempt } from './attempt.js';
import type { ClientSettings } from './client-settings.js';
import { abortedBetweenAttempts, attemptFailure, readAnswer, type AttemptFailure } from './outcome.js';
import { prepareCall, type CallRequest, type PreparedCall } from './prepared-call.js';
import { retryDelay } from './retry.js';
import { send } from './transport.js';

/** Makes calls for one account: checks, signs, sends, reads, and repeats what may be repeated. */
export class LalamoveClient {
  readonly #http: HttpService;
  readonly #settings: ClientSettings;

  constructor(http: HttpService, settings: ClientSettings) {
    this.#http = http;
    this.#settings = settings;
  }

  /**
   * A call's way: check, (take a rate-limit slot,) sign, send, read, repeat or not. Cold: nothing travels before it is subscribed to.
   * It errors with a `LalamoveException` and nothing else.
   */
  call<Answer>(request: CallRequest<Answer>): Observable<Answer> {
    return defer(() => of(prepareCall(this.#settings, request))).pipe(
      switchMap((call) => {
        const earlier: AttemptFailure[] = [];
        return this.#attempt(call, earlier).pipe(
          catchError((failure: AttemptFailure) => settle(call, earlier, failure)),
          retry({ delay: () => this.#beforeRepeat(call, earlier) }),
        );
      }),
    );
  }

  /** One sending. It errors with an `AttemptFailure`. The place of the rate limiter is ahead of the signature, whose timestamp ages. */
  #attempt<Answer>(call: PreparedCall<Answer>, earlier: readonly AttemptFailure[]): Observable<Answer> {
    return defer(() => of(signAttempt(this.#settings, call))).pipe(
      switchMap((attempt) => {
        const sentBefore = earlier.at(-1)?.exception.sentRequestId;
        const context = { settings: this.#settings, call, attempt, sentBefore };
        return send(this.#http, attempt).pipe(
          map((answer) => readAnswer(context, answer)),
          catchError((error: unknown) => throwError(() => attemptFailure(context, error))),
        );
      }),
    );
  }

  /** Waits where a repeat is allowed, worth it, and possible within the deadline; else ends the call with its last exception. */
  #beforeRepeat(call: PreparedCall<unknown>, earlier: readonly AttemptFailure[]): Observable<void> {
    const { clock, retry } = this.#settings;
    const exception = earlier.at(-1)?.exception;
    const attempts = earlier.length;
    if (!exception?.retryable || attempts >= (call.options.maxAttempts ?? retry.maxAttempts))
      return throwError(() => exception);
    const delay = retryDelay(attempts, exception, retry, Math.random());
    if (clock.now() + delay >= call.deadline) return throwError(() => exception);
    return this.#wait(call, delay, exception);
  }

  #wait(call: PreparedCall<unknown>, delayMs: number, exception: LalamoveException): Observable<void> {
    const { signal } = call.options;
    const { clock } = this.#settings;
    return new Observable((subscriber) => {
      const giveUp = (): void => {
        subscriber.error(abortedBetweenAttempts(this.#settings, call, exception.sentRequestId));
      };
      const cancel = clock.setTimeout(() => {
        // A busy process wakes late; what has no time left is not sent.
        if (clock.now() < call.deadline) subscriber.next();
        else subscriber.error(exception);
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

/** Notes a failure; after one that may have been carried out, a refusal that says so is the success. */
function settle<Answer>(
  call: PreparedCall<Answer>,
  earlier: AttemptFailure[],
  failure: AttemptFailure,
): Observable<Answer> {
  const { settled } = call.operation;
  const inDoubt = earlier.some(({ outcome }) => outcome === 'unknown');
  if (settled && inDoubt && failure.exception.code === settled.code) return of(settled.answer);
  earlier.push(failure);
  return throwError(() => failure.exception);
}
