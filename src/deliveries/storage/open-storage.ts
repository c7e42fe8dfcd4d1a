import type { LoggerService } from '@nestjs/common';
import type { DeliveriesKysely } from './sql/deliveries-schema.js';
import type { DeliveriesStorage } from './storage.js';

/** The settings of deliveries that a storage uses. */
export interface StorageContext {
  readonly logger: LoggerService;
  /** The clock of deliveries: Unix ms. */
  readonly now: () => number;
  /** The duration of a lease, in ms. */
  readonly leaseMs: number;
  /** The interval between two sweeps, in ms. */
  readonly sweepMs: number;
  /** The timeout of a handler call, in ms. */
  readonly handlerTimeoutMs: number;
}

/** An open storage, and its database for the host's own queries and transactions. */
export interface OpenStorage {
  readonly storage: DeliveriesStorage;
  readonly database: DeliveriesKysely;
}

/** Opens the storage when the app starts. `postgresStorage` returns one. */
export interface DeliveriesStorageProvider {
  /** @throws DeliveriesStoreException if the database cannot be used */
  open(context: StorageContext): Promise<OpenStorage>;
}
