import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Kysely, sql } from 'kysely';
import Database from 'libsql';
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

  it('hands its one connection out in turn: no transaction sees into another', async () => {
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

  it('rolls back what fails, and commits what comes after it', async () => {
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

  it('commits behind a statement with rows that has failed, and one that was left half read', async () => {
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

  it('streams rows one by one, and hands the connection on behind the last', async () => {
    for (const id of ['a', 'b', 'c']) await put(id);
    const ids: string[] = [];
    const streaming = (async () => {
      for await (const { id } of db.selectFrom('coins').select('id').orderBy('id').stream()) ids.push(id);
    })();
    await Promise.all([streaming, put('d')]);
    expect(ids).toEqual(['a', 'b', 'c']);
    expect(await all()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('prepares more statements than it keeps', async () => {
    for (let count = 0; count < 450; count += 1) {
      const { rows } = await sql<{ n: number }>`select ${sql.raw(`${count}`)} as n`.execute(db);
      expect(rows).toEqual([{ n: count }]);
    }
    await put('a');
    expect(await all()).toEqual(['a']);
  });

  it('tells how many rows were changed, and keeps what is no text apart', async () => {
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
