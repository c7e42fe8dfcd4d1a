import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Kysely, sql } from 'kysely';
import Database from 'libsql';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeliveriesStoreException } from '../../delivery.exceptions.js';
import { LibsqlDialect } from './libsql-dialect.js';

interface Tables {
  coins: { id: string; worth: string | null };
}

describe('LibsqlDialect', () => {
  let db: Kysely<Tables>;

  beforeEach(async () => {
    db = new Kysely<Tables>({ dialect: new LibsqlDialect(new Database(':memory:')) });
    await db.schema
      .createTable('coins')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('worth', 'text')
      .execute();
  });

  afterEach(() => db.destroy());

  const put = (id: string, on: Kysely<Tables> = db): Promise<unknown> =>
    on.insertInto('coins').values({ id, worth: '1' }).execute();
  const all = async (): Promise<string[]> =>
    (await db.selectFrom('coins').select('id').orderBy('id').execute()).map(({ id }) => id);

  it('gives its one connection to one transaction at a time, in order', async () => {
    const order: string[] = [];
    const transactions = ['a', 'b', 'c'].map((name) =>
      db.transaction().execute(async (trx) => {
        order.push(`${name} begins`);
        await put(name, trx);
        await new Promise((resolve) => setImmediate(resolve));
        order.push(`${name} ends`);
      }),
    );
    const seen = all().then((ids) => order.push(`read ${ids.join('')}`));
    await Promise.all([...transactions, seen]);
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends', 'read abc']);
  });

  it('rolls back a failed transaction, and commits the next one', async () => {
    const failing = db.transaction().execute(async (trx) => {
      await put('a', trx);
      await put('a', trx);
    });
    await expect(failing).rejects.toThrow('UNIQUE');
    await expect(sql`select * from nowhere`.execute(db)).rejects.toThrow('no such table');
    await expect(put('b').then(() => put('b'))).rejects.toThrow('UNIQUE');
    await db.transaction().execute((trx) => put('c', trx));
    expect(await all()).toEqual(['b', 'c']);
  });

  it('commits after a failed statement with rows, and after a stream that was not read to its end', async () => {
    await put('a');
    await put('b');
    await db.transaction().execute(async (trx) => {
      await expect(
        trx.insertInto('coins').values({ id: 'a', worth: null }).returning('id').executeTakeFirst(),
      ).rejects.toThrow('UNIQUE');
      for await (const { id } of trx.selectFrom('coins').select('id').orderBy('id').stream()) {
        expect(id).toBe('a');
        break;
      }
      await put('c', trx);
    });
    expect(await all()).toEqual(['a', 'b', 'c']);
  });

  it('throws the first error, also if the rollback fails', async () => {
    // As on a full disk: SQLite itself rolls back, and the rollback that follows has no transaction.
    const full = db.transaction().execute(async (trx) => {
      await put('a', trx);
      await sql`insert or rollback into coins values ('a', null)`.execute(trx);
    });
    await expect(full).rejects.toThrow('UNIQUE');
    await put('b');
    expect(await all()).toEqual(['b']);
  });

  it('executes nothing after an error that rolled the transaction back', async () => {
    const told: unknown[] = [];
    const careless = db.transaction().execute(async (trx) => {
      await put('a', trx);
      await sql`insert or rollback into coins values ('a', null)`.execute(trx).catch(() => undefined);
      await put('b', trx).catch((error: unknown) => told.push(error));
    });
    await expect(careless).rejects.toThrow(
      'A transaction on :memory: was rolled back by an earlier error: run it again as a whole.',
    );
    expect(told).toEqual([expect.any(DeliveriesStoreException)]);
    expect(await all()).toEqual([]);
  });

  it('rolls back to a savepoint, and commits what was written before and after it', async () => {
    const trx = await db.startTransaction().execute();
    await put('a', trx);
    const inner = await trx.savepoint('inner').execute();
    await put('b', inner);
    await expect(put('b', inner)).rejects.toThrow('UNIQUE');
    await inner.rollbackToSavepoint('inner').execute();
    await put('c', trx);
    await (await trx.savepoint('last').execute()).releaseSavepoint('last').execute();
    await trx.commit().execute();
    expect(await all()).toEqual(['a', 'c']);
  });

  it('waits for the transaction of another process without blocking, and only for a limited time', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dialect-'));
    const [ours, theirs] = [new Database(join(folder, 'x.db')), new Database(join(folder, 'x.db'))];
    ours.exec('pragma journal_mode = wal');
    ours.exec('pragma busy_timeout = 0');
    ours.exec('create table coins (id text primary key, worth text)');
    const shared = new Kysely<Tables>({ dialect: new LibsqlDialect(ours, { file: 'x.db' }) });
    const write = (id: string): Promise<unknown> => shared.transaction().execute((trx) => put(id, trx));
    try {
      theirs.exec('begin immediate');
      const waiting = write('a');
      // This timer fires only if the event loop is not blocked.
      await new Promise((resolve) => setTimeout(resolve, 100));
      theirs.exec('commit');
      await waiting;
      theirs.exec('begin immediate');
      let failure: unknown;
      await write('b').catch((error: unknown) => (failure = error));
      expect(failure).toBeInstanceOf(DeliveriesStoreException);
      expect(String(failure)).toContain('Another process holds a lock on it');
      theirs.exec('rollback');
      await write('c');
      const ids = (await shared.selectFrom('coins').select('id').orderBy('id').execute()).map(({ id }) => id);
      expect(ids).toEqual(['a', 'c']);
    } finally {
      theirs.close();
      await shared.destroy();
      rmSync(folder, { recursive: true });
    }
  }, 30_000);

  it('streams rows one by one, and releases the connection after the last row', async () => {
    for (const id of ['a', 'b', 'c']) await put(id);
    const ids: string[] = [];
    const streaming = (async () => {
      for await (const { id } of db.selectFrom('coins').select('id').orderBy('id').stream()) ids.push(id);
    })();
    await Promise.all([streaming, put('d')]);
    expect(ids).toEqual(['a', 'b', 'c']);
    expect(await all()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('prepares more statements than it caches', async () => {
    for (let count = 0; count < 450; count += 1) {
      const { rows } = await sql<{ n: number }>`select ${sql.raw(`${count}`)} as n`.execute(db);
      expect(rows).toEqual([{ n: count }]);
    }
    await put('a');
    expect(await all()).toEqual(['a']);
  });

  it('returns the number of changed rows, and distinguishes null from text', async () => {
    await put('a');
    await put('b');
    const [{ numUpdatedRows }] = (await db.updateTable('coins').set({ worth: null }).execute()) as [
      { numUpdatedRows: bigint },
    ];
    expect(numUpdatedRows).toBe(2n);
    expect(await db.selectFrom('coins').selectAll().where('id', '=', 'a').executeTakeFirst()).toEqual({
      id: 'a',
      worth: null,
    });
  });
});
