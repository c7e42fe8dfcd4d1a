import type { Provider } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { LalamoveInboxHost } from '../webhooks/inbox/inbox-host.js';
import { WORK_TRACING, type WorkTracing } from '../internal/work-tracing.js';
import { AccountServices } from './application/account-services.js';
import { LalamoveEventHandlers } from '../webhooks/events/event-handlers.js';
import { AnnouncedTypes } from './application/announced-types.js';
import { ClockWatch } from './application/clock-watch.js';
import { DeliveryCommands } from './application/delivery-commands.js';
import { DeliveryInspector } from './application/delivery-inspector.js';
import { DeliveryQueries } from './application/delivery-queries.js';
import { DeliveryTransactions } from './application/delivery-transactions.js';
import { DeliveryWorker } from './application/delivery-worker.js';
import { DriverReads } from './application/driver-reads.js';
import { DurableInbox } from './application/durable-inbox.js';
import { FoundOrders } from './application/found-orders.js';
import { OrderReads } from './application/order-reads.js';
import { OutboxDispatcher } from './application/outbox-dispatcher.js';
import { SweepRound } from './application/sweep-round.js';
import { Sweeper } from './application/sweeper.js';
import { TrackedDeliveries } from './application/tracked-deliveries.js';
import { UnreadableRows } from './application/unreadable-rows.js';
import { WebhookHandlers } from './application/webhook-handlers.js';
import type { DeliveriesModuleOptions } from './deliveries.options.js';
import { DeliveriesRuntime } from './deliveries.runtime.js';
import { DeliveriesService } from './deliveries.service.js';
import { DeliveriesSettings } from './deliveries.settings.js';
import { DeliveryHandlers } from './events/delivery-handlers.js';
import { GuardedQueue } from './queue/guarded-queue.js';
import { InProcessQueue } from './queue/in-process-queue.js';
import { SignalQueue } from './queue/signal-queue.js';
import { DELIVERIES_INSPECTION } from './inspection.js';
import { refuseSecondModule } from './refuse-second-module.js';
import type { OpenStorage, StorageContext } from './storage/open-storage.js';
import { sqliteStorage } from './storage/sqlite/open-sqlite.js';
import type { DeliveriesStorage } from './storage/storage.js';

/** Injection token of the validated options of `DeliveriesModule`. */
export const DELIVERIES_OPTIONS = 'nestjs-lalamove:deliveries:options';

/** Injection token of the {@link OpenStorage}. */
const OPEN_STORAGE = 'nestjs-lalamove:deliveries:open-storage';

/** Injection token of the {@link DeliveriesStorage}. */
export const DELIVERIES_STORAGE = 'nestjs-lalamove:deliveries:storage';

/** The database and the parts that store data in it. */
const STORAGE_PROVIDERS: Provider[] = [
  {
    provide: OPEN_STORAGE,
    inject: [DeliveriesSettings, LalamoveInboxHost],
    useFactory: (settings: DeliveriesSettings, inboxes: LalamoveInboxHost) => {
      refuseSecondModule(inboxes);
      const { options, now, logger, leaseMs, sweepMs, handlerTimeoutMs } = settings;
      const context: StorageContext = { now, logger, leaseMs, sweepMs, handlerTimeoutMs };
      return (options.storage ?? sqliteStorage(options.database)).open(context);
    },
  },
  {
    provide: DELIVERIES_STORAGE,
    inject: [OPEN_STORAGE],
    useFactory: ({ storage }: OpenStorage) => storage,
  },
  {
    provide: DeliveryTransactions,
    inject: [DELIVERIES_STORAGE, DeliveriesSettings],
    useFactory: (storage: DeliveriesStorage, { policy, now }: DeliveriesSettings) =>
      new DeliveryTransactions({ storage, policy, now }),
  },
  {
    provide: UnreadableRows,
    inject: [DELIVERIES_STORAGE, DeliveriesSettings],
    useFactory: (storage: DeliveriesStorage, { logger, now }: DeliveriesSettings) =>
      new UnreadableRows({ storage, logger, now }),
  },
];

/** The parts that dispatch events and receive webhooks. */
const EVENT_PROVIDERS: Provider[] = [
  DeliveryHandlers,
  WebhookHandlers,
  {
    provide: AnnouncedTypes,
    inject: [DELIVERIES_STORAGE, DeliveryHandlers, LalamoveEventHandlers, DeliveriesSettings],
    useFactory: (
      storage: DeliveriesStorage,
      deliveryHandlers: DeliveryHandlers,
      webhookHandlers: LalamoveEventHandlers,
      { isWorker }: DeliveriesSettings,
    ) => new AnnouncedTypes({ storage, deliveryHandlers, webhookHandlers, isWorker }),
  },
  {
    provide: OutboxDispatcher,
    inject: [DELIVERIES_STORAGE, WebhookHandlers, DeliveryHandlers, DeliveriesSettings],
    useFactory: (
      storage: DeliveriesStorage,
      webhooks: WebhookHandlers,
      { of: handlersOf }: DeliveryHandlers,
      { hooks, clock, handlerTimeoutMs: timeoutMs }: DeliveriesSettings,
    ) => new OutboxDispatcher({ storage, webhooks, handlersOf, hooks, clock, timeoutMs }),
  },
  {
    provide: DurableInbox,
    inject: [
      DeliveryTransactions,
      WebhookHandlers,
      AnnouncedTypes,
      OutboxDispatcher,
      ClockWatch,
      GuardedQueue,
      DeliveriesSettings,
    ],
    useFactory: (
      deliveries: DeliveryTransactions,
      handlers: WebhookHandlers,
      announced: AnnouncedTypes,
      dispatcher: OutboxDispatcher,
      watch: ClockWatch,
      { wake }: GuardedQueue,
      { hooks, now, unmatchedMs, tracing }: DeliveriesSettings,
    ) =>
      new DurableInbox({
        tracing,
        deliveries,
        handlers,
        isAnnounced: (type) => announced.has('webhook', type),
        hooks,
        now,
        wake,
        unmatchedMs,
        clockSettled: () => watch.check(),
        wakeHandlers: () => {
          dispatcher.wake();
        },
      }),
  },
];

/** The parts that wake and process deliveries. */
const WORK_PROVIDERS: Provider[] = [
  {
    provide: ClockWatch,
    inject: [DELIVERIES_STORAGE, DeliveriesSettings],
    useFactory: (storage: DeliveriesStorage, { clock, logger }: DeliveriesSettings) =>
      new ClockWatch({ storage, clock, logger }),
  },
  {
    provide: InProcessQueue,
    inject: [DeliveriesSettings],
    useFactory: ({ clock, concurrency }: DeliveriesSettings) => new InProcessQueue(clock, concurrency),
  },
  {
    provide: GuardedQueue,
    inject: [InProcessQueue, DELIVERIES_STORAGE, DeliveriesSettings],
    useFactory: (
      local: InProcessQueue,
      { signals }: DeliveriesStorage,
      { options, logger, now, isWorker }: DeliveriesSettings,
    ) =>
      new GuardedQueue({
        host: options.queue ?? (signals && !isWorker ? new SignalQueue(signals, now) : undefined),
        local,
        logger,
        now,
      }),
  },
  {
    provide: AccountServices,
    inject: [ModuleRef, DeliveriesSettings],
    useFactory: (moduleRef: ModuleRef, { options, accountTimeoutMs, logger }: DeliveriesSettings) =>
      new AccountServices({ moduleRef, resolve: options.accounts?.resolve, timeoutMs: accountTimeoutMs, logger }),
  },
  {
    provide: DeliveryWorker,
    inject: [DeliveryTransactions, AccountServices, GuardedQueue, DeliveriesSettings],
    useFactory: (
      deliveries: DeliveryTransactions,
      services: AccountServices,
      { wake }: GuardedQueue,
      { hooks, logger, now, leaseMs, tracing }: DeliveriesSettings,
    ) => new DeliveryWorker({ deliveries, services, hooks, logger, now, wake, leaseMs, tracing }),
  },
  {
    provide: SweepRound,
    inject: [DELIVERIES_STORAGE, ClockWatch, DurableInbox, OutboxDispatcher, AnnouncedTypes, DeliveriesSettings],
    useFactory: (
      storage: DeliveriesStorage,
      watch: ClockWatch,
      inbox: DurableInbox,
      dispatcher: OutboxDispatcher,
      announced: AnnouncedTypes,
      { now, retentionMs }: DeliveriesSettings,
    ) => new SweepRound({ storage, watch, inbox, dispatcher, announced, now, retentionMs }),
  },
  {
    provide: Sweeper,
    inject: [DELIVERIES_STORAGE, InProcessQueue, GuardedQueue, SweepRound, DeliveriesSettings],
    useFactory: (
      storage: DeliveriesStorage,
      local: InProcessQueue,
      queue: GuardedQueue,
      round: SweepRound,
      { clock, logger, sweepMs: everyMs }: DeliveriesSettings,
    ) =>
      new Sweeper({
        storage,
        local,
        clock,
        logger,
        everyMs,
        wake: (id, at) => queue.woken(id, at),
        round: () => round.run(),
      }),
  },
];

/** The service that the host calls, and its parts. */
const SERVICE_PROVIDERS: Provider[] = [
  {
    provide: FoundOrders,
    inject: [DeliveryTransactions, AccountServices, DeliveriesSettings],
    useFactory: (deliveries: DeliveryTransactions, services: AccountServices, { now }: DeliveriesSettings) =>
      new FoundOrders({ deliveries, services, now }),
  },
  {
    provide: DeliveryCommands,
    inject: [
      DeliveryTransactions,
      UnreadableRows,
      FoundOrders,
      DeliveryWorker,
      GuardedQueue,
      OutboxDispatcher,
      DeliveriesSettings,
    ],
    useFactory: (
      deliveries: DeliveryTransactions,
      unreadable: UnreadableRows,
      foundOrders: FoundOrders,
      worker: DeliveryWorker,
      { wake }: GuardedQueue,
      dispatcher: OutboxDispatcher,
      { clock, policy, tracing }: DeliveriesSettings,
    ) =>
      new DeliveryCommands({ deliveries, unreadable, foundOrders, worker, wake, dispatcher, clock, policy, tracing }),
  },
  {
    provide: DeliveryQueries,
    inject: [DeliveryTransactions, UnreadableRows, DeliveriesSettings],
    useFactory: (deliveries: DeliveryTransactions, unreadable: UnreadableRows, { now }: DeliveriesSettings) =>
      new DeliveryQueries({ deliveries, unreadable, now }),
  },
  {
    provide: TrackedDeliveries,
    inject: [DeliveryTransactions, UnreadableRows, AccountServices, DeliveriesSettings],
    useFactory: (
      deliveries: DeliveryTransactions,
      unreadable: UnreadableRows,
      services: AccountServices,
      { now }: DeliveriesSettings,
    ) => {
      const [drivers, orders] = [new DriverReads({ services, now }), new OrderReads({ services, now })];
      return new TrackedDeliveries({ deliveries, unreadable, drivers, orders, now });
    },
  },
  {
    provide: DELIVERIES_INSPECTION,
    inject: [DELIVERIES_STORAGE, DeliveryQueries],
    useFactory: (storage: DeliveriesStorage, queries: DeliveryQueries) => new DeliveryInspector({ storage, queries }),
  },
  {
    provide: DeliveriesService,
    inject: [DeliveryCommands, DeliveryQueries, TrackedDeliveries, OPEN_STORAGE, DeliveriesSettings],
    useFactory: (
      commands: DeliveryCommands,
      queries: DeliveryQueries,
      tracked: TrackedDeliveries,
      { storage, database }: OpenStorage,
      { policy }: DeliveriesSettings,
    ) =>
      new DeliveriesService({ commands, queries, tracked, database, policy, backup: (path) => storage.backup(path) }),
  },
];

/** Starts and stops all parts. */
const RUNTIME: Provider = {
  provide: DeliveriesRuntime,
  inject: [
    DeliveriesSettings,
    DeliveryTransactions,
    UnreadableRows,
    ClockWatch,
    InProcessQueue,
    GuardedQueue,
    DeliveryWorker,
    DurableInbox,
    DeliveryCommands,
    DeliveryHandlers,
    AnnouncedTypes,
    OutboxDispatcher,
    Sweeper,
  ],
  useFactory: (
    settings: DeliveriesSettings,
    deliveries: DeliveryTransactions,
    unreadable: UnreadableRows,
    watch: ClockWatch,
    local: InProcessQueue,
    queue: GuardedQueue,
    worker: DeliveryWorker,
    inbox: DurableInbox,
    commands: DeliveryCommands,
    handlers: DeliveryHandlers,
    announced: AnnouncedTypes,
    dispatcher: OutboxDispatcher,
    sweeper: Sweeper,
  ) =>
    new DeliveriesRuntime({
      settings,
      deliveries,
      unreadable,
      watch,
      local,
      queue,
      worker,
      inbox,
      commands,
      handlers,
      announced,
      dispatcher,
      sweeper,
    }),
};

/** The providers of all parts of deliveries. */
export const DELIVERIES_PROVIDERS: readonly Provider[] = [
  {
    provide: DeliveriesSettings,
    inject: [DELIVERIES_OPTIONS, WORK_TRACING],
    useFactory: (options: DeliveriesModuleOptions, tracing: WorkTracing) => new DeliveriesSettings(options, tracing),
  },
  ...STORAGE_PROVIDERS,
  ...EVENT_PROVIDERS,
  ...WORK_PROVIDERS,
  ...SERVICE_PROVIDERS,
  RUNTIME,
];
