export type { DeliveriesHooks, DeliveryStep } from './deliveries.hooks.js';
export {
  DeliveriesModule,
  type DeliveriesModuleAsyncOptions,
  type DeliveriesOptionsFactory,
} from './deliveries.module.js';
export { DeliveriesOptionsException } from './deliveries-options.exception.js';
export type { DeliveriesModuleOptions } from './deliveries.options.js';
export type { DeliveriesStorageProvider } from './storage/open-storage.js';
export type { DeliveriesMetrics } from './deliveries-metrics.js';
export { DeliveriesService } from './deliveries.service.js';
export type { Delivery, DeliveryPage } from './delivery.js';
export type { DeliveryPosition } from './delivery-position.js';
export {
  DeliveriesStoreException,
  DeliveryConflictException,
  DeliveryException,
  DeliveryNotFoundException,
  InvalidDeliveryException,
} from './delivery.exceptions.js';
export { BookDeliveryDto, DeliveryRecipientDto } from './dto/book-delivery.dto.js';
export {
  ContactChangesDto,
  DeliveryChangesDto,
  QuotationChangesDto,
  RecipientChangesDto,
  ResolveDeliveryDto,
  type ResolveDelivery,
} from './dto/resolve-delivery.dto.js';
export type { DeliveryAccount } from './dto/method-inputs.js';
export type {
  DeliveryEvent,
  DeliveryEventBase,
  DeliveryEventDetails,
  DeliveryEventOf,
  DeliveryEventType,
} from './events/delivery-event.js';
export type { HostKyselyTransaction, HostPgClient, HostTransaction } from './host-transaction.js';
export { OnDelivery } from './events/on-delivery.decorator.js';
export { DELIVERY_STATES, type DeliveryReason, type DeliveryState } from './domain/delivery-progress.js';
export { DEFAULT_POLICY, type DeliveryPolicy, type GivenPolicy } from './domain/delivery-policy.js';
export type {
  DeliveriesKysely,
  DeliveriesSchema,
  DeliveriesTable,
  DeliveryAttemptsTable,
  DeliveryEventsTable,
} from './storage/sql/deliveries-schema.js';
export { migrateDeliveries } from './storage/sqlite/migrate-deliveries.js';
export { openDatabase, type EmbeddedDatabaseOptions } from './storage/sqlite/open-database.js';
export type { ResolveDeliveryAccount } from './application/account-services.js';
export type { DeliveriesQueue, DeliveriesQueueContext } from './queue/queue.js';
export type { TimelineEntry } from './timeline-entry.js';
