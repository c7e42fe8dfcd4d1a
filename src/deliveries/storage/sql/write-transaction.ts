import type { DeliveriesKysely } from './deliveries-schema.js';

/** Runs `work` in a transaction, and resolves after its commit. `work` may run again. */
export type WriteTransaction = <T>(work: (trx: DeliveriesKysely) => Promise<T>) => Promise<T>;
