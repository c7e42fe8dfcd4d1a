import type { DeliveriesStorageProvider } from '../open-storage.js';
import { openDeliveriesDatabase, type EmbeddedDatabaseOptions } from './open-database.js';
import { SqliteStorage } from './sqlite-storage.js';

/** Stores deliveries in an embedded file that only this process uses. */
export function sqliteStorage(options: EmbeddedDatabaseOptions = {}): DeliveriesStorageProvider {
  return {
    open: async ({ logger, now }) => {
      const database = await openDeliveriesDatabase(options, logger, now);
      return { storage: new SqliteStorage(database, now), database: database.db };
    },
  };
}
