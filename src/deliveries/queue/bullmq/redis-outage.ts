import { setTimeout as pause } from 'node:timers/promises';
import type { LoggerService } from '@nestjs/common';
import { logLine, say, wordsOf } from '../../../internal/log-line.js';
import { redact } from '../../../internal/redact.js';
import { ThrottledLog } from '../../../internal/throttled-log.js';
import { withTimeout } from '../../../internal/with-timeout.js';

/** After an error, Redis must answer within this time, in ms. Otherwise it is an outage. */
const ANSWER_MS = 500;

/** The delay before Redis is asked again after it has rejected a command, in ms. */
const ASK_AGAIN_MS = 1000;

/** The dependencies of {@link RedisOutage}. */
export interface RedisOutageParts {
  readonly logger: LoggerService;
  /** The name of the queue. */
  readonly queue: string;
  /** Sends a command to Redis. It resolves with the answer, and waits while there is no connection. */
  readonly ask: () => Promise<unknown>;
  readonly secrets: readonly string[];
}

/**
 * Knows whether Redis is lost. Each connection reports an error at each attempt to connect. So an error only leads to
 * a question to Redis: one line is logged if there is no answer, and one when Redis answers again.
 */
export class RedisOutage {
  readonly #throttled: ThrottledLog;
  #lostAt: number | undefined;
  #isAsking = false;
  #isEnded = false;

  constructor(private readonly parts: RedisOutageParts) {
    this.#throttled = new ThrottledLog(parts.logger);
  }

  get isLost(): boolean {
    return this.#lostAt !== undefined;
  }

  /** Reports an error of a connection or of a command. */
  readonly report = (error: unknown): void => {
    if (!this.#isAsking && !this.isLost && !this.#isEnded) void this.#check(error);
  };

  /** Reports that Redis does not answer. */
  lost(error: unknown): void {
    if (this.isLost || this.#isEnded) return;
    this.#lostAt = performance.now();
    const what = 'Redis does not answer: deliveries are worked on late, by the sweeper. Look at the Redis of the queue';
    say(this.parts.logger, 'warn', logLine(what, this.#fields(error)));
    void this.#untilAnswered();
  }

  /** Logs nothing more, except how many lines were omitted. */
  end(): void {
    this.#isEnded = true;
    this.#throttled.end();
  }

  async #check(error: unknown): Promise<void> {
    this.#isAsking = true;
    try {
      await withTimeout(ANSWER_MS, 'Redis', this.parts.ask(), { keepsAlive: false });
      if (!this.#isEnded) this.#sayError(error);
    } catch {
      this.lost(error);
    } finally {
      this.#isAsking = false;
    }
  }

  /** Redis works. So this was a short interruption, or an error of one job. */
  #sayError(error: unknown): void {
    const { queue, error: words } = this.#fields(error);
    const what = 'The queue in Redis reported an error: deliveries may be worked on late';
    this.#throttled.say({ level: 'warn', what, of: { queue }, maxLines: 1 }, { error: words });
  }

  async #untilAnswered(): Promise<void> {
    while (!this.#isEnded && !(await this.#isAnswered())) await pause(ASK_AGAIN_MS, undefined, { ref: false });
    if (this.#isEnded || this.#lostAt === undefined) return;
    const seconds = Math.round((performance.now() - this.#lostAt) / 1000);
    this.#lostAt = undefined;
    say(this.parts.logger, 'log', logLine('Redis answers again', { queue: this.parts.queue, seconds }));
  }

  async #isAnswered(): Promise<boolean> {
    try {
      await this.parts.ask();
      return true;
    } catch {
      return false;
    }
  }

  #fields(error: unknown): { queue: string; error: string } {
    const { queue, secrets } = this.parts;
    return { queue, error: redact(wordsOf(error), secrets) };
  }
}
