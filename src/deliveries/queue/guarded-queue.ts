import type { LoggerService } from '@nestjs/common';
import { detached } from '../../internal/async-context.js';
import { logLine, say, wordsOf } from '../../internal/log-line.js';
import { TimeoutError, withTimeout } from '../../internal/with-timeout.js';
import type { DeliveriesQueue } from './in-process-queue.js';

/** How long a queue of the host's is waited for, in ms. */
const QUEUE_TIMEOUT_MS = 10_000;

/** And while it fails: what is due must not wait for it one by one. */
const LOST_QUEUE_TIMEOUT_MS = 200;

/** What a queue is guarded with. */
export interface GuardedQueueParts {
  /** A queue of the host's, if there is one. */
  readonly host: DeliveriesQueue | undefined;
  /** The queue of this process, which takes its place if there is none. It is started and stopped by itself. */
  readonly local: DeliveriesQueue;
  readonly logger: LoggerService;
  readonly now: () => number;
}

/**
 * Wakes deliveries through the host's queue, or that of this process. A queue that fails costs time, and nothing else:
 * the sweeper finds the delivery.
 */
export class GuardedQueue {
  readonly #queue: DeliveriesQueue;
  /** Whether that the host's queue fails has been reported. */
  #isLost = false;

  constructor(private readonly parts: GuardedQueueParts) {
    this.#queue = parts.host ?? parts.local;
  }

  /** A host's queue that gives no answer must not keep the app from its start: the sweeper does its work. */
  async start(work: (deliveryId: string) => Promise<number | undefined>): Promise<void> {
    const { host, logger } = this.parts;
    if (!host) return;
    try {
      await withTimeout(QUEUE_TIMEOUT_MS, 'queue.start()', host.start(work));
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      const what = 'The queue does not start: what is overdue is worked on by the sweeper. Look at what it connects to';
      say(logger, 'error', logLine(what, { error: wordsOf(error) }));
    }
  }

  async stop(graceMs: number): Promise<void> {
    await this.parts.host?.stop(graceMs);
  }

  /** A delivery has something to do, now or then (Unix ms). */
  readonly wake = (deliveryId: string, at = this.parts.now()): void => {
    void this.woken(deliveryId, at);
  };

  /** As {@link wake}, for who waits until the queue has taken it. It never rejects. */
  async woken(deliveryId: string, at: number): Promise<void> {
    try {
      // A timer that a queue makes for it must not carry the context of who has booked.
      const woken = detached(() => this.#queue.wake(deliveryId, at));
      const timeoutMs = this.#isLost ? LOST_QUEUE_TIMEOUT_MS : QUEUE_TIMEOUT_MS;
      if (woken !== undefined) await withTimeout(timeoutMs, 'queue.wake()', woken, { keepsAlive: false });
      this.#isLost = false;
    } catch (error) {
      if (this.#isLost) return;
      this.#isLost = true;
      const what = 'Deliveries cannot be woken: the sweeper finds them, later. Look at what the queue connects to';
      say(this.parts.logger, 'warn', logLine(what, { id: deliveryId, error: wordsOf(error) }));
    }
  }
}
