import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { Client } from 'pg';
import { describePostgres } from '../../support/servers.js';
import { failureOf } from '../../support/lalamove.js';
import { recordNamed } from '../delivery-rows.js';
import { Storages } from './storages.js';

describePostgres('the migrations on PostgreSQL', () => {
  let storages: Storages;

  beforeEach(() => {
    storages = new Storages();
  });

  afterEach(async () => {
    await storages.close();
  });

  async function addMigration(name: string): Promise<void> {
    const client = await storages.client();
    const insert = `insert into ${storages.schema}.delivery_migrations (name, timestamp) values ($1, 'now')`;
    await client.query(insert, [name]);
  }

  it.each(['read committed', 'serializable'])('create the tables once if 8 hosts start at once: %s', async (level) => {
    const url = new URL(storages.url);
    url.searchParams.set('options', `-c default_transaction_isolation=${level.replace(' ', '\\ ')}`);
    const options = { connectionString: url.href, maxConnections: 3 };
    await Promise.all(Array.from({ length: 8 }, () => storages.open(options)));
    const client = await storages.client();
    const { rows } = await client.query(`select count(*)::int as count from ${storages.schema}.delivery_identity`);
    expect(rows).toEqual([{ count: 1 }]);
  });

  it('refuse a newer schema, and go on beside a version that has only added to it', async () => {
    const running = await storages.open();
    await addMigration('2099-01-01-columns-additive');
    const older = await storages.open();
    await older.deliveries.transact((trx) => trx.insert(recordNamed('A', Date.now()), [{ type: 'requested' }]));
    expect(await running.storage.find('', 'A')).toMatchObject({ reference: 'A' });
    await addMigration('2099-02-01-other-tables');
    for (const migrate of [true, false]) {
      const refusal = await failureOf(storages.open({ migrate }));
      expect(refusal).toMatchObject({ name: 'DeliveriesStoreException' });
      expect(refusal.message).toContain('were made by a newer version of nestjs-lalamove');
    }
  });

  it('may add a column while a process runs, although its statements are prepared', async () => {
    const { storage, deliveries } = await storages.open();
    await deliveries.transact((trx) => trx.insert(recordNamed('A', Date.now()), [{ type: 'requested' }]));
    const lockAll = (): Promise<unknown> =>
      Promise.all(Array.from({ length: 4 }, () => storage.transact((trx) => trx.lock('id of A'))));
    await lockAll();
    const client = await storages.client();
    await client.query(`alter table ${storages.schema}.deliveries add column later text`);
    await lockAll();
    expect(await storage.find('', 'A')).toMatchObject({ reference: 'A' });
  });

  it('read no columns of other schemas, whose tables another session may drop meanwhile', async () => {
    const query = jest.spyOn(Client.prototype, 'query');
    await storages.open();
    const texts = query.mock.calls.map(([given]: readonly unknown[]) => JSON.stringify(given));
    query.mockRestore();
    expect(texts.join('\n')).toContain('delivery_migrations');
    expect(texts.filter((text) => text.includes('pg_attribute'))).toEqual([]);
  });

  it('are left to the command with migrate: false', async () => {
    const refusal = await failureOf(storages.open({ migrate: false }));
    expect(refusal.message).toContain('run npx lalamove-deliveries-migrate');
    await storages.open();
    expect((await storages.open({ migrate: false })).storage).toBeDefined();
  });
});
