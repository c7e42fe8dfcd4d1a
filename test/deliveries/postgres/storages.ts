import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { postgresStorage, type PostgresStorageOptions } from 'nestjs-lalamove/deliveries/postgres';
import { DeliveryTransactions } from '../../../src/deliveries/application/delivery-transactions.js';
import { DEFAULT_POLICY } from '../../../src/deliveries/domain/delivery-policy.js';
import type { OpenStorage } from '../../../src/deliveries/storage/open-storage.js';
import { POSTGRES_URL } from '../../support/servers.js';

/** The duration of leases and of the sweep's share, in ms. */
export const LEASE_MS = 60_000;

/** A storage as one process opens it. */
export interface OpenedStorage extends OpenStorage {
  readonly deliveries: DeliveryTransactions;
}

/** A new schema, and storages on it, each with its own pool as if it were in a process of its own. */
export class Storages {
  readonly schema = `test_${randomUUID().replaceAll('-', '')}`;
  readonly #opened: OpenedStorage[] = [];
  readonly #clients: Client[] = [];
  /** The lines that the storages have logged. */
  readonly logged: string[] = [];

  constructor(readonly url = POSTGRES_URL) {}

  async open(options: Partial<PostgresStorageOptions> = {}): Promise<OpenedStorage> {
    const source = options.pool ? {} : { connectionString: this.url, maxConnections: 6 };
    const log = (line: unknown): void => {
      this.logged.push(String(line));
    };
    const provider = postgresStorage({ ...source, schema: this.schema, ...options });
    const now = (): number => Date.now();
    const context = { logger: { log, warn: log, error: log, debug: log }, now, leaseMs: LEASE_MS, sweepMs: 30_000 };
    const open = await provider.open({ ...context, handlerTimeoutMs: 60_000 });
    const deliveries = new DeliveryTransactions({ storage: open.storage, policy: DEFAULT_POLICY, now });
    const opened = { ...open, deliveries };
    this.#opened.push(opened);
    return opened;
  }

  /** Two storages, as of two processes. */
  async openTwo(): Promise<readonly [OpenedStorage, OpenedStorage]> {
    return [await this.open(), await this.open()];
  }

  /** A client of its own. */
  async client(): Promise<Client> {
    const client = new Client({ connectionString: this.url });
    await client.connect();
    client.on('error', () => undefined);
    this.#clients.push(client);
    return client;
  }

  /** Closes the storages and drops the schema. */
  async close(): Promise<void> {
    for (const { storage } of this.#opened) await storage.close().catch(() => undefined);
    for (const client of this.#clients) await client.end().catch(() => undefined);
    const client = new Client({ connectionString: this.url });
    await client.connect();
    await client.query(`drop schema if exists ${this.schema} cascade`);
    await client.end();
  }
}
