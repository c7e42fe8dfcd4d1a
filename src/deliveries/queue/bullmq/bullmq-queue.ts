import type { DeliveriesQueue, DeliveriesQueueContext } from '../queue.js';
import { assertBullmqQueueOptions, type BullmqQueueOptions } from './bullmq-queue.options.js';
import { RedisWakes } from './redis-wakes.js';

/**
 * A queue on Redis, by BullMQ: any process with a worker works on a delivery that any process has woken. Redis holds
 * wakes only. If it is absent, paused or emptied, the sweeper finds what is due, so this only costs time.
 *
 * @throws DeliveriesOptionsException that lists every wrong option
 */
export function bullmqQueue(options: BullmqQueueOptions): Required<DeliveriesQueue> {
  assertBullmqQueueOptions(options);
  return new BullmqQueue(options);
}

/** Connects to Redis at its start, so a queue that is not started holds no resources. */
class BullmqQueue implements Required<DeliveriesQueue> {
  #wakes: RedisWakes | undefined;

  constructor(private readonly options: BullmqQueueOptions) {}

  start(work: (deliveryId: string) => Promise<number | undefined>, context: DeliveriesQueueContext): void {
    if (this.#wakes) throw new Error('This queue is already started: call bullmqQueue() once for each app.');
    this.#wakes = new RedisWakes(this.options, work, context);
  }

  /** Before the start it does nothing, because the sweeper looks for all due deliveries at its start. */
  async wake(deliveryId: string, at: number): Promise<void> {
    await this.#wakes?.wake(deliveryId, at);
  }

  async stop(graceMs: number): Promise<void> {
    await this.#wakes?.stop(graceMs);
    this.#wakes = undefined;
  }

  async whenIdle(): Promise<void> {
    await this.#wakes?.idle();
  }
}
