import type { LoggerService } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { logLine, say, wordsOf } from '../../internal/log-line.js';
import { DeliveriesStoreException } from '../delivery.exceptions.js';

/** An attempt whose order is posted. */
export interface PostedAttempt {
  readonly reference: string;
  readonly attemptId: string;
  /** The order, as soon as Lalamove has answered with one. */
  orderId: string | undefined;
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 15_000;

/**
 * Persists the answers to posted orders. Between the answer and its commit only this process knows the order: an order
 * that cannot be stored is always logged, and storing it is retried for as long as the process works on the database.
 */
export class PostedAnswers {
  readonly #underWay = new Set<PostedAttempt>();

  constructor(private readonly logger: LoggerService) {}

  /** Call it right before the POST: from here on the order may exist. */
  begin(reference: string, attemptId: string): PostedAttempt {
    const posted: PostedAttempt = { reference, attemptId, orderId: undefined };
    this.#underWay.add(posted);
    return posted;
  }

  /**
   * Stores the answer, with retries and backoff as long as the database error is temporary.
   *
   * @throws what `write` throws, if a retry cannot help
   */
  async persist<T>(posted: PostedAttempt, write: () => Promise<T>): Promise<T> {
    try {
      for (let failures = 0; ; failures += 1) {
        try {
          const written = await write();
          if (failures > 0) this.#log('warn', 'What an order was answered with is stored now', posted, { failures });
          return written;
        } catch (error) {
          const isFinal = !(error instanceof DeliveriesStoreException && error.retryable);
          if (failures === 0 || isFinal) this.#logFailure(posted, error, isFinal);
          if (isFinal) throw error;
        }
        const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS);
        // The order is logged already: the pause need not keep the process alive.
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
          ? 'The app shuts down while an order is posted: nobody may ever hear of its answer'
          : 'The app shuts down with an order that was placed, and not stored';
      this.#log('error', message, posted, {});
    }
  }

  #logFailure(posted: PostedAttempt, error: unknown, isFinal: boolean): void {
    const what =
      posted.orderId === undefined
        ? 'What became of a posted order could not be stored'
        : 'An order was placed, and could not be stored';
    const next = isFinal ? 'it stays unknown: name it with resolve({ orderId })' : 'it is tried again';
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
