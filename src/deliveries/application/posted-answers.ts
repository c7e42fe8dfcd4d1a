import type { LoggerService } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { logLine, say, wordsOf } from '../../internal/log-line.js';
import { DeliveriesStoreException } from '../delivery.exceptions.js';

/** An attempt with a started `POST /v3/orders`. */
export interface PostedAttempt {
  readonly reference: string;
  readonly attemptId: string;
  /** The order's id, as soon as Lalamove has answered with it. */
  orderId: string | undefined;
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 15_000;

/**
 * Persists the responses to posted orders. Before the commit, only this process knows the order. If an order cannot be
 * stored, it is always logged, and the write is retried until the process closes the database.
 */
export class PostedAnswers {
  readonly #underWay = new Set<PostedAttempt>();

  constructor(private readonly logger: LoggerService) {}

  /** Call it right before the POST, because the order may exist from then on. */
  begin(reference: string, attemptId: string): PostedAttempt {
    const posted: PostedAttempt = { reference, attemptId, orderId: undefined };
    this.#underWay.add(posted);
    return posted;
  }

  /**
   * Stores the response. It retries with backoff while the database error is temporary.
   *
   * @throws what `write` throws, if a retry cannot help
   */
  async persist<T>(posted: PostedAttempt, write: () => Promise<T>): Promise<T> {
    try {
      for (let failures = 0; ; failures += 1) {
        try {
          const written = await write();
          if (failures > 0) this.#log('warn', 'The answer to a posted order is stored now', posted, { failures });
          return written;
        } catch (error) {
          const isFinal = !(error instanceof DeliveriesStoreException && error.retryable);
          if (failures === 0 || isFinal) this.#logFailure(posted, error, isFinal);
          if (isFinal) throw error;
        }
        const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS);
        // The order is already logged, so the pause does not need to keep the process alive.
        await pause(pauseMs, undefined, { ref: false });
      }
    } finally {
      this.#underWay.delete(posted);
    }
  }

  /** Logs the orders that are posted and not stored yet. Call it before the database is closed. */
  warnUnderWay(): void {
    for (const posted of this.#underWay) {
      const message =
        posted.orderId === undefined
          ? 'The app shuts down while an order is posted: its answer may be lost'
          : 'The app shuts down with an order that was placed but not stored';
      this.#log('error', message, posted, {});
    }
  }

  #logFailure(posted: PostedAttempt, error: unknown, isFinal: boolean): void {
    const what =
      posted.orderId === undefined
        ? 'The result of a posted order could not be stored'
        : 'An order was placed but could not be stored';
    const next = isFinal ? 'its outcome stays unknown: call resolve({ orderId })' : 'storing it is retried';
    this.#log('error', `${what}; ${next}`, posted, { error: wordsOf(error) });
  }

  #log(
    level: 'warn' | 'error',
    message: string,
    { reference, attemptId, orderId }: PostedAttempt,
    more: Readonly<Record<string, string | number>>,
  ): void {
    say(this.logger, level, logLine(message, { delivery: reference, attempt: attemptId, order: orderId, ...more }));
  }
}
