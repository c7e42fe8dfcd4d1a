import type {
  BeforeApplicationShutdown,
  OnApplicationBootstrap,
  OnApplicationShutdown,
  OnModuleInit,
} from '@nestjs/common';
import { detached } from '../internal/async-context.js';
import { logLine, say, wordsOf } from '../internal/log-line.js';
import { atMost } from '../internal/with-timeout.js';
import type { AnnouncedTypes } from './application/announced-types.js';
import type { ClockWatch } from './application/clock-watch.js';
import type { DeliveryCommands } from './application/delivery-commands.js';
import type { DeliveryTransactions } from './application/delivery-transactions.js';
import type { DeliveryWorker } from './application/delivery-worker.js';
import type { DurableInbox } from './application/durable-inbox.js';
import type { OutboxDispatcher } from './application/outbox-dispatcher.js';
import type { Sweeper } from './application/sweeper.js';
import type { UnreadableRows } from './application/unreadable-rows.js';
import type { DeliveriesSettings } from './deliveries.settings.js';
import type { DeliveryHandlers } from './events/delivery-handlers.js';
import type { GuardedQueue } from './queue/guarded-queue.js';
import type { InProcessQueue } from './queue/in-process-queue.js';

/** The additional time that the shutdown waits for the host's queue after its grace period, in ms. */
const STOP_MARGIN_MS = 1000;

/** The parts that {@link DeliveriesRuntime} starts and stops. */
export interface DeliveriesRuntimeParts {
  readonly settings: DeliveriesSettings;
  readonly deliveries: DeliveryTransactions;
  readonly unreadable: UnreadableRows;
  readonly watch: ClockWatch;
  /** The queue of this process. It also runs if the host has a queue. */
  readonly local: InProcessQueue;
  readonly queue: GuardedQueue;
  readonly worker: DeliveryWorker;
  readonly inbox: DurableInbox;
  readonly commands: Pick<DeliveryCommands, 'idle' | 'stop'>;
  readonly handlers: DeliveryHandlers;
  readonly announced: AnnouncedTypes;
  readonly dispatcher: OutboxDispatcher;
  readonly sweeper: Sweeper;
}

/** Starts and stops the parts of deliveries in the required order. */
export class DeliveriesRuntime
  implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  #isStopped = true;

  constructor(private readonly parts: DeliveriesRuntimeParts) {
    const { deliveries, dispatcher, watch, local } = parts;
    const { signals } = deliveries.storage;
    deliveries.committed.subscribe(({ deliveryId, event: { type } }) => {
      if (deliveries.isWanted(type)) dispatcher.wake();
      signals?.publish({ kind: 'events', deliveryId });
    });
    signals?.received.subscribe(({ kind, deliveryId }) => {
      if (!parts.settings.isWorker) return;
      if (kind === 'events') dispatcher.wake();
      else local.wake(deliveryId, parts.settings.now());
    });
    watch.shifted.subscribe((ms) => {
      local.shift(ms);
      dispatcher.wake();
      void this.sweep();
    });
  }

  onModuleInit(): void {
    this.parts.handlers.find();
  }

  async onApplicationBootstrap(): Promise<void> {
    const { deliveries, announced } = this.parts;
    this.#isStopped = false;
    deliveries.isWanted = (type) => announced.has('delivery', type);
    // A serverless app may be created within a request. Its timers and its queue must not keep that async context.
    await detached(() => this.#start());
  }

  async #start(): Promise<void> {
    const { settings, deliveries, announced, unreadable, watch, local, queue, dispatcher, sweeper } = this.parts;
    const { options, clock, concurrency, logger, isWorker } = settings;
    const work = (id: string): Promise<number | undefined> => this.#work(id);
    await deliveries.storage.start();
    await announced.refresh();
    await unreadable.lookAgain();
    await watch.start();
    if (isWorker) local.start(work);
    await queue.start(work, { clock, isSystemTime: options.clock === undefined, concurrency, isWorker, logger });
    if (!isWorker) return;
    dispatcher.start();
    sweeper.start();
  }

  /** Stops before the resources of the handlers are closed. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.stop();
  }

  /** Stops all parts. It waits for running work, up to the shutdown timeout. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    const { settings, watch, sweeper, queue, local, inbox, commands, dispatcher } = this.parts;
    const { shutdownMs } = settings;
    commands.stop();
    await watch.stop();
    const swept = sweeper.stop();
    const stopped = queue.stop(shutdownMs);
    await Promise.all([atMost(shutdownMs + STOP_MARGIN_MS, stopped), local.stop(shutdownMs)]);
    await atMost(shutdownMs + STOP_MARGIN_MS, swept);
    await inbox.stop();
    await dispatcher.stop(shutdownMs);
  }

  /** Closes the database. */
  async onApplicationShutdown(): Promise<void> {
    const { inbox, worker, deliveries } = this.parts;
    // Webhooks may arrive until the server is closed.
    await inbox.idle();
    worker.warnUnderWay();
    await deliveries.storage.close();
  }

  /** Sweeps now: wakes due deliveries, applies waiting webhooks, and erases old deliveries. */
  async sweep(): Promise<void> {
    await this.parts.sweeper.sweep();
  }

  /** Waits until no delivery is due, no webhook is being applied, and no handler call is due. Used in tests. */
  async idle(): Promise<void> {
    const { sweeper, inbox, commands, local, queue, dispatcher } = this.parts;
    for (let quiet = 0; quiet < 2; quiet += 1) {
      await sweeper.idle();
      await inbox.idle();
      await commands.idle();
      await local.idle();
      await queue.idle();
      await dispatcher.idle();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #work(id: string): Promise<number | undefined> {
    const { worker, unreadable, settings } = this.parts;
    try {
      return await worker.advance(id);
    } catch (error) {
      if (await unreadable.found(error).catch(() => false)) return undefined;
      say(settings.logger, 'error', logLine('A delivery could not be worked on', { id, error: wordsOf(error) }));
      return undefined;
    }
  }
}
