import { randomUUID } from 'node:crypto';
import type { LalamoveResponseEvent } from '../client/call-hooks.js';
import { LalamoveException } from '../errors/lalamove.exception.js';
import { calledHost } from '../errors/plain-cause.js';
import { isLoopbackHost } from '../internal/is-loopback.js';
import { withTimeout } from '../internal/with-timeout.js';
import type { LalamoveService } from '../lalamove.service.js';

/** What one call has shown of an account. */
export interface LalamoveReading {
  /** Unix ms. */
  readonly checkedAt: number;
  readonly latencyMs: number;
  /** How far this machine's clock is ahead of Lalamove's, in ms; `undefined` without an answer that has a date. */
  readonly clockSkewMs: number | undefined;
  /** Why the call failed; `undefined` after a success. */
  readonly failure: LalamoveFailureFacts | undefined;
}

/** The facts of a failed call that may be shown. */
export interface LalamoveFailureFacts {
  /** The code of the exception; `undefined` if there was none in time. */
  readonly code: string | undefined;
  readonly upstreamStatus: number | undefined;
  /** Whether the connection to this very machine failed, where a sandbox may run. */
  readonly isLoopback: boolean;
}

/** The answers of checks that are running, by their request ids. */
export class CheckedAnswers {
  readonly #answers = new Map<string, LalamoveResponseEvent | undefined>();

  expect(requestId: string): void {
    this.#answers.set(requestId, undefined);
  }

  observe(event: LalamoveResponseEvent): void {
    if (this.#answers.has(event.sentRequestId)) this.#answers.set(event.sentRequestId, event);
  }

  take(requestId: string): LalamoveResponseEvent | undefined {
    const answer = this.#answers.get(requestId);
    this.#answers.delete(requestId);
    return answer;
  }
}

/**
 * Calls Lalamove once: `GET /v3/cities`, which costs nothing, needs no id, and has a limit of its own, so that it takes
 * no room from orders. It never rejects.
 */
export async function readAccount(
  lalamove: Pick<LalamoveService, 'getCities'>,
  timeoutMs: number,
  answers: CheckedAnswers,
): Promise<LalamoveReading> {
  const requestId = randomUUID();
  const [checkedAt, startedAt] = [Date.now(), performance.now()];
  answers.expect(requestId);
  const failure = await failureOf(lalamove, timeoutMs, requestId);
  const latencyMs = Math.round(performance.now() - startedAt);
  return { checkedAt, latencyMs, clockSkewMs: skewOf(answers.take(requestId)), failure };
}

async function failureOf(
  lalamove: Pick<LalamoveService, 'getCities'>,
  timeoutMs: number,
  requestId: string,
): Promise<LalamoveFailureFacts | undefined> {
  try {
    const call = lalamove.getCities({ requestId, timeoutMs, deadlineMs: timeoutMs, maxAttempts: 1 });
    await withTimeout(timeoutMs, 'Lalamove', call, { keepsAlive: false });
    return undefined;
  } catch (error) {
    return LalamoveException.is(error)
      ? {
          code: error.code,
          upstreamStatus: error.upstreamStatus,
          isLoopback: isLoopbackHost(calledHost(error.cause) ?? ''),
        }
      : { code: undefined, upstreamStatus: undefined, isLoopback: false };
  }
}

/** The date has whole seconds, and was written about half-way of the call. */
function skewOf(answer: LalamoveResponseEvent | undefined): number | undefined {
  if (answer?.serverDate === undefined) return undefined;
  const { serverDate, sentAt, durationMs } = answer;
  return Math.round(sentAt + durationMs / 2 - (serverDate + 500));
}
