import { setTimeout as pause } from 'node:timers/promises';
import { Queue, Worker, type Job, type JobsOptions, type WorkerOptions } from 'bullmq';
import { detached } from '../../../internal/async-context.js';
import { atMost, TimeoutError, withTimeout } from '../../../internal/with-timeout.js';
import { HORIZON_MS, InProcessQueue } from '../in-process-queue.js';
import type { DeliveriesQueueContext } from '../queue.js';
import type { BullmqQueueOptions } from './bullmq-queue.options.js';
import { redisConnections, type RedisConnections } from './redis-connections.js';
import { RedisOutage } from './redis-outage.js';
import { wakeJob } from './wake-job.js';

/** The timeout of a command to Redis, in ms. It is shorter than that of a wake in `GuardedQueue`. */
const COMMAND_TIMEOUT_MS = 5000;

/** The timeout of each step of closing the connections, in ms. Together they are shorter than the margin of a stop. */
const CLOSE_TIMEOUT_MS = 250;

/** The time for which `idle` waits for the jobs of other processes, in ms. */
const OTHERS_MS = 300;

/** How many wakes a virtual clock may send to Redis at a time. */
const PARALLEL_WAKES = 1000;

/** The wakes in Redis, from the start of a queue to its stop. */
export class RedisWakes {
  readonly #queue: Queue;
  readonly #worker: Worker | undefined;
  readonly #connections: RedisConnections;
  readonly #outage: RedisOutage;
  /** Delays the wakes if the clock is not the system's: BullMQ measures delays by the system's time only. */
  readonly #virtual: InProcessQueue | undefined;
  readonly #running = new Set<Promise<unknown>>();
  /** The number of jobs that have begun and whose end Redis does not know. */
  #jobs = 0;
  /** The number of wakes that are being sent to Redis. */
  #sending = 0;
  /** The number of wakes that this process has sent or begun. */
  #activity = 0;
  /** The `#activity` at which Redis had no due wake. */
  #quietAt = -1;
  /** Since when the active jobs are those of other processes, by `performance.now()`. */
  #othersSince: number | undefined;
  /** The number of jobs of other processes for which `idle` has waited already. */
  #others = 0;
  #isStopping = false;

  constructor(
    options: BullmqQueueOptions,
    private readonly work: (deliveryId: string) => Promise<number | undefined>,
    private readonly context: DeliveriesQueueContext,
  ) {
    const { name = 'lalamove-deliveries', prefix = 'bull', concurrency = context.concurrency } = options;
    const worker = context.isWorker && options.worker !== false;
    this.#connections = redisConnections(options.connection, worker);
    const { forQueue, forWorker, secrets } = this.#connections;
    this.#queue = new Queue(name, { connection: forQueue, prefix });
    const ask = (): Promise<unknown> => this.#queue.getJobCounts('wait', 'active');
    this.#outage = new RedisOutage({ logger: context.logger, queue: name, ask, secrets });
    this.#queue.on('error', this.#outage.report);
    if (worker) {
      this.#worker = this.#startWorker(name, { connection: forWorker, prefix, concurrency });
    }
    if (!context.isSystemTime) this.#virtual = this.#delayedBy(new InProcessQueue(context.clock, PARALLEL_WAKES));
  }

  async wake(deliveryId: string, at: number, current?: string): Promise<void> {
    const now = this.context.clock.now();
    if (at - now > HORIZON_MS) return;
    if (this.#virtual) this.#virtual.wake(deliveryId, at);
    else await this.#send(deliveryId, wakeJob(deliveryId, at, now, current));
  }

  /**
   * Waits until no wake is due or in process. It does not wait long for jobs that this process has not begun: the
   * process that took them may be dead, and Redis finds that out only after 30 s.
   */
  async idle(): Promise<void> {
    if (!this.#worker) return;
    this.#othersSince = undefined;
    while (!this.#outage.isLost && !this.#isStopping) {
      await this.#virtual?.idle();
      if (this.#quietAt === this.#activity || (await this.#isEmpty())) return;
      await pause(1);
    }
  }

  /** Takes no new wake, waits for the running work, and closes the connections. It never rejects. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    await this.#virtual?.stop(0);
    // Not pause(false): it connects again when the running jobs have ended, even if that is after close().
    this.#worker?.pause(true).catch(this.#outage.report);
    await atMost(graceMs, Promise.all(this.#running));
    await this.#ended();
    this.#outage.end();
    await atMost(CLOSE_TIMEOUT_MS, Promise.resolve(this.#worker?.close(true)));
    await atMost(CLOSE_TIMEOUT_MS, this.#queue.close());
    // Without Redis, close() waits forever.
    this.#queue.disconnect().catch(() => undefined);
    this.#connections.close();
  }

  #startWorker(name: string, options: WorkerOptions): Worker {
    const worker = new Worker<unknown>(name, (job) => this.#run(job), options);
    const ended = (): void => {
      this.#jobs -= 1;
    };
    return worker.on('error', this.#outage.report).on('completed', ended).on('failed', ended);
  }

  /** Waits a short time until Redis knows that the jobs have ended. Otherwise another worker would repeat them. */
  async #ended(): Promise<void> {
    const end = performance.now() + CLOSE_TIMEOUT_MS;
    while (this.#jobs > 0 && this.#running.size === 0 && !this.#outage.isLost && performance.now() < end)
      await pause(1);
  }

  async #run({ id, data }: Job<unknown>): Promise<void> {
    this.#activity += 1;
    this.#jobs += 1;
    if (typeof data !== 'string') return;
    // The worker had already asked for this job when it was stopped. A worker in another process takes it.
    if (this.#isStopping) return this.#sendNow(data);
    const dueAt = await this.#worked(data);
    if (dueAt !== undefined) await this.wake(data, dueAt, id).catch(this.#outage.report);
  }

  async #sendNow(deliveryId: string): Promise<void> {
    const now = this.context.clock.now();
    await this.#send(deliveryId, wakeJob(deliveryId, now, now)).catch(this.#outage.report);
  }

  async #worked(deliveryId: string): Promise<number | undefined> {
    const done = detached(() => this.work(deliveryId));
    this.#running.add(done);
    try {
      return await done;
    } finally {
      this.#running.delete(done);
    }
  }

  /** Sends a wake to Redis. While Redis is lost it does nothing, so nothing piles up. The sweeper wakes again. */
  async #send(deliveryId: string, job: JobsOptions): Promise<void> {
    if (this.#outage.isLost) return;
    this.#activity += 1;
    this.#sending += 1;
    try {
      const sent = this.#queue.add('wake', deliveryId, job);
      await withTimeout(COMMAND_TIMEOUT_MS, 'Redis', sent, { keepsAlive: false });
    } catch (error) {
      if (error instanceof TimeoutError) this.#outage.lost(error);
      else if (!this.#isStopping) throw error;
    } finally {
      this.#sending -= 1;
    }
  }

  #delayedBy(timers: InProcessQueue): InProcessQueue {
    timers.start(async (deliveryId) => {
      await this.#sendNow(deliveryId);
      return undefined;
    });
    return timers;
  }

  /** Whether the active jobs, if there are any, have been those of other processes for a while. */
  #areOthers(active: number): boolean {
    this.#others = Math.min(this.#others, active);
    if (active === 0) return true;
    const isWorking = this.#running.size > 0;
    if (active <= this.#others && !isWorking) return true;
    if (isWorking) this.#othersSince = undefined;
    else this.#othersSince ??= performance.now();
    const areOthers = this.#othersSince !== undefined && performance.now() - this.#othersSince > OTHERS_MS;
    if (areOthers) this.#others = active;
    return areOthers;
  }

  async #isEmpty(): Promise<boolean> {
    const before = this.#activity;
    try {
      const counts = await withTimeout(COMMAND_TIMEOUT_MS, 'Redis', this.#queue.getJobCounts('wait', 'active'));
      const { wait = 0, active = 0 } = counts;
      const isEmpty = wait === 0 && this.#areOthers(active);
      if (isEmpty && this.#sending === 0 && before === this.#activity) this.#quietAt = before;
      return this.#quietAt === before;
    } catch (error) {
      this.#outage.lost(error);
      return true;
    }
  }
}
