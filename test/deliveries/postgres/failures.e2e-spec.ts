import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import type { Client } from 'pg';
import { failureOf } from '../../support/lalamove.js';
import { PrivatePostgres } from '../../support/private-postgres.js';
import { POSTGRES_URL } from '../../support/servers.js';
import { recordNamed } from '../delivery-rows.js';
import { Storages, type OpenedStorage } from './storages.js';

const isPossible = POSTGRES_URL !== '' && PrivatePostgres.isInstalled;

/** They restart a server of their own, so they need root and the packages of PostgreSQL. */
(isPossible ? describe : describe.skip)('a failing PostgreSQL', () => {
  let server: PrivatePostgres;
  let storages: Storages;

  beforeAll(async () => {
    server = await PrivatePostgres.start(['max_connections=15', 'fsync=off']);
  });

  afterAll(async () => {
    await server.stop();
  });

  beforeEach(() => {
    storages = new Storages(server.url);
  });

  afterEach(async () => {
    await storages.close();
  });

  const insert = ({ deliveries }: OpenedStorage, reference: string): Promise<unknown> =>
    deliveries.transact((trx) => trx.insert(recordNamed(reference, Date.now()), [{ type: 'requested' }]));

  it('is used again after a restart, although the pool is full of dead connections', async () => {
    const storage = await storages.open();
    await Promise.all(['A', 'B', 'C', 'D', 'E'].map((reference) => insert(storage, reference)));
    await server.restart('immediate');
    await Promise.all(['F', 'G', 'H', 'I', 'J'].map((reference) => insert(storage, reference)));
    const page = await storage.storage.list({ limit: 100, state: undefined, account: undefined, after: undefined });
    expect(page.entries).toHaveLength(10);
  });

  it('runs a transaction again whose connection was terminated before its commit', async () => {
    const storage = await storages.open();
    const client = await storages.client();
    let runs = 0;
    await storage.deliveries.transact(async (trx) => {
      runs += 1;
      await trx.insert(recordNamed('A', Date.now()), [{ type: 'requested' }]);
      if (runs === 1) {
        const others = 'pid <> pg_backend_pid() and datname = current_database()';
        await client.query(`select pg_terminate_backend(pid) from pg_stat_activity where ${others}`);
      }
      await trx.storage.find('', 'A');
    });
    expect(runs).toBe(2);
    const { rows } = await client.query(`select count(*)::int as count from ${storages.schema}.delivery_events`);
    expect(rows).toEqual([{ count: 1 }]);
  });

  it('answers with 503 and a remedy if a statement or a lock takes too long, or it only reads', async () => {
    const storage = await storages.open();
    await insert(storage, 'A');
    const client = await storages.client();
    const refused = async (setting: string, remedy: string): Promise<void> => {
      await client.query(`alter database postgres set ${setting}`);
      const limited = await storages.open({ migrate: false });
      await client.query('begin');
      await client.query(`select 1 from ${storages.schema}.deliveries for update`);
      const failure = await failureOf(limited.deliveries.change('id of A', () => undefined));
      await client.query('rollback');
      await client.query('alter database postgres reset all');
      expect(failure).toMatchObject({ name: 'DeliveriesStoreException', retryable: true });
      expect(failure.message).toContain(remedy);
    };
    await refused('default_transaction_read_only = on', 'The server only reads');
    await client.query('alter database postgres set synchronous_commit = off');
    const refusal = await failureOf(storages.open());
    await client.query('set default_transaction_read_only = off');
    await client.query('alter database postgres reset all');
    expect(refusal.message).toContain('synchronous_commit = off');
  });

  it('refuses more connections than the server has with a remedy', async () => {
    const opened: Client[] = [];
    const failures: unknown[] = [];
    for (let index = 0; index < 16; index += 1) {
      await storages.client().then(
        (client) => opened.push(client),
        (error: unknown) => failures.push(error),
      );
    }
    expect(failures.length).toBeGreaterThan(0);
    const failure = await failureOf(storages.open());
    expect(failure).toMatchObject({ name: 'DeliveriesStoreException', retryable: true });
    expect(failure.message).toContain('raise max_connections');
    for (const client of opened) await client.end();
  });

  it('shows no password if it refuses it, or cannot be reached', async () => {
    for (const url of [
      server.url.replace('postgres@', 'nobody:geheim-wort@'),
      'postgres://postgres:geheim-wort@127.0.0.1:1/postgres',
    ]) {
      const other = new Storages(url);
      const failure = await failureOf(other.open());
      expect(failure).toMatchObject({ name: 'DeliveriesStoreException' });
      expect(inspect(failure, { depth: 10 }) + other.logged.join('\n')).not.toContain('geheim-wort');
    }
    const storage = await storages.open();
    expect(inspect(storage, { depth: 20, showHidden: true })).not.toContain('password=');
  });
});
