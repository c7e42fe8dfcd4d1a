import type { DeliveryRecord } from '../../../../src/deliveries/storage/delivery-record.js';
import type { PostgresClient } from '../../../../src/deliveries/storage/postgres/postgres-pool.js';
import type { StoredEvent } from '../../../../src/deliveries/storage/stored-types.js';
import type { DeliveriesStorage, StorageTransaction } from '../../../../src/deliveries/storage/storage.js';
import type { Contents } from './filled-tables.js';

/** A storage on filled tables. */
export interface FilledStorage {
  readonly storage: DeliveriesStorage;
  readonly contents: Contents;
  /** Runs `work` in a transaction of a host. */
  readonly hostTransaction: (work: (client: PostgresClient) => Promise<unknown>) => Promise<unknown>;
}

/** Uses the methods of a storage as the app does. */
export type Operation = (filled: FilledStorage) => Promise<unknown>;

/**
 * For each method of `T` the operations that run its SQL, by name; or the reason why it has none. The compiler asks for
 * every method.
 */
export type OperationsOf<T> = Readonly<Record<MethodsOf<T>, Readonly<Record<string, Operation>> | string>>;

type MethodsOf<T> = {
  [Name in keyof T]: T[Name] extends (...args: never[]) => unknown ? Name : never;
}[keyof T];

/** An ended delivery of the default account that was not erased. */
export async function ended(filled: FilledStorage, index: number): Promise<DeliveryRecord> {
  const { deliveries, unfinished } = filled.contents;
  return found(filled, deliveries - unfinished - 10 * index - 10);
}

/** An unfinished delivery of the default account. */
export async function active(filled: FilledStorage, index: number): Promise<DeliveryRecord> {
  return found(filled, filled.contents.deliveries - 10 * index - 9);
}

/** An event of a delivery, or a webhook that was applied to it. */
export async function eventOf(
  { storage }: FilledStorage,
  { id }: DeliveryRecord,
  source: StoredEvent['source'],
): Promise<StoredEvent> {
  const event = (await storage.timeline(id)).find((each) => each.source === source);
  if (!event) throw new TypeError(`The delivery has no event of the source ${source}.`);
  return event;
}

/** An operation that runs in a transaction of the storage. */
export function inTransaction(work: (trx: StorageTransaction, filled: FilledStorage) => Promise<unknown>): Operation {
  return (filled) => filled.storage.transact((trx) => work(trx, filled));
}

async function found({ storage }: FilledStorage, number: number): Promise<DeliveryRecord> {
  const record = await storage.find('', `ref-${number}`);
  if (!record) throw new TypeError(`There is no delivery ref-${number}.`);
  return record;
}
