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
 * Persists what posting an order has come to. Between the answer and its commit nobody but this process knows the
 * order: an order that cannot be stored is always logged, and storing it is retried for as long as the process works
 * on the database.
 */
export class PostedAnswers {
  readonly #underWay = new Set<PostedAttempt>();

  constructor(private readonly logger: LoggerService) {}

  /** From here on its order may exist. */
  begin(reference: string, attemptId: string): PostedAttempt {
    const posted: PostedAttempt = { reference, attemptId, orderId: undefined };
    this.#underWay.add(posted);
    return posted;
  }

  /**
   * Stores what it has come to, with backoff as long as the database may do so yet.
   *
   * @throws what `write` throws, once a repetition is of no use
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
        // What is logged already keeps no process alive.
        await pause(pauseMs, undefined, { ref: false });
      }
    } finally {
      this.#underWay.delete(posted);
    }
  }

  /** Says what is posted and not stored yet, before the database is closed. */
  warnUnderWay(): void {
    for (const posted of this.#underWay) {
      const what =
        posted.orderId === undefined
          ? 'The app shuts down while an order is posted: nobody may ever hear of its answer'
          : 'The app shuts down with an order that was placed, and not stored';
      this.#log('error', what, posted, {});
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
    what: string,
    { reference, attemptId, orderId }: PostedAttempt,
    more: Readonly<Record<string, string | number>>,
  ): void {
    say(this.logger, level, logLine(what, { delivery: reference, attempt: attemptId, order: orderId, ...more }));
  }
}
