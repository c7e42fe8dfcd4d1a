export type { DeliveriesHooks, DeliveryStep } from './deliveries.hooks.js';
export {
  DeliveriesModule,
  type DeliveriesModuleAsyncOptions,
  type DeliveriesOptionsFactory,
} from './deliveries.module.js';
export { DeliveriesOptionsException, type DeliveriesModuleOptions } from './deliveries.options.js';
export {
  DeliveriesService,
  type DeliveriesMetrics,
  type DeliveryAccount,
  type DeliveryPage,
  type TimelineEntry,
} from './deliveries.service.js';
export {
  DeliveriesStoreException,
  DeliveryConflictException,
  DeliveryException,
  DeliveryNotFoundException,
  InvalidDeliveryException,
} from './delivery.exceptions.js';
export { BookDeliveryDto, DeliveryRecipientDto, type ResolveDelivery } from './dto/book-delivery.dto.js';
export type {
  DeliveryEvent,
  DeliveryEventBase,
  DeliveryEventDetails,
  DeliveryEventOf,
  DeliveryEventType,
} from './events/delivery-event.js';
export { OnDelivery } from './events/on-delivery.decorator.js';
export { DELIVERY_STATES, type DeliveryReason, type DeliveryState } from './machine/delivery-course.js';
export { DEFAULT_POLICY, type DeliveryPolicy, type GivenPolicy } from './machine/delivery-policy.js';
export type { Delivery } from './store/delivery-record.js';
export type {
  DeliveriesSchema,
  DeliveriesTable,
  DeliveryAttemptsTable,
  DeliveryEventsTable,
} from './store/deliveries-schema.js';
export { migrateDeliveries } from './store/migrate-deliveries.js';
export { openDatabase, type EmbeddedDatabaseOptions } from './store/open-database.js';
export type { ResolveDeliveryAccount } from './work/account-services.js';
export type { DeliveriesQueue } from './work/deliveries-queue.js';
