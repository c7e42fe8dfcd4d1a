import type { LoggerService } from '@nestjs/common';
import { detached } from '../../internal/async-context.js';
import { logLine, say, wordsOf } from '../../internal/log-line.js';
import { TimeoutError, withTimeout } from '../../internal/with-timeout.js';
import type { DeliveriesQueue, DeliveriesQueueContext } from './queue.js';

/** The timeout of a call to the host's queue, in ms. */
const QUEUE_TIMEOUT_MS = 10_000;

/** The timeout after a failed call, in ms. It is short, so that due deliveries do not wait long one after another. */
const LOST_QUEUE_TIMEOUT_MS = 200;

/** The dependencies of {@link GuardedQueue}. */
export interface GuardedQueueParts {
  /** The host's queue, if it has one. */
  readonly host: DeliveriesQueue | undefined;
  /** The queue of this process, used if the host has none. The caller starts and stops it. */
  readonly local: DeliveriesQueue;
  readonly logger: LoggerService;
  readonly now: () => number;
}

/**
 * Wakes deliveries through the host's queue or the queue of this process. If the queue fails, the work is only delayed:
 * the sweeper finds the delivery.
 */
export class GuardedQueue {
  readonly #queue: DeliveriesQueue;
  /** Whether the failure of the queue was logged. */
  #isLost = false;

  constructor(private readonly parts: GuardedQueueParts) {
    this.#queue = parts.host ?? parts.local;
  }

  /** Starts the host's queue. A timeout does not stop the app's start, because the sweeper finds due deliveries. */
  async start(
    work: (deliveryId: string) => Promise<number | undefined>,
    context: DeliveriesQueueContext,
  ): Promise<void> {
    const { host, logger } = this.parts;
    if (!host) return;
    try {
      await withTimeout(QUEUE_TIMEOUT_MS, 'queue.start()', host.start(work, context));
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      const what = 'The queue does not start: what is overdue is worked on by the sweeper. Look at what it connects to';
      say(logger, 'error', logLine(what, { error: wordsOf(error) }));
    }
  }

  async stop(graceMs: number): Promise<void> {
    await this.parts.host?.stop(graceMs);
  }

  /** Waits for the host's queue, if it can tell. Used in tests. */
  async idle(): Promise<void> {
    await this.parts.host?.whenIdle?.();
  }

  /** Wakes a delivery at a time in Unix ms; now if `at` is omitted. It does not wait for the queue. */
  readonly wake = (deliveryId: string, at = this.parts.now()): void => {
    void this.woken(deliveryId, at);
  };

  /** Like {@link wake}, but it waits until the queue has accepted the wake. It never rejects. */
  async woken(deliveryId: string, at: number): Promise<void> {
    try {
      // A timer that the queue creates must not run in the async context of the caller.
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
