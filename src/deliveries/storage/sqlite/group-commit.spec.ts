import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AsyncLocalStorage } from 'node:async_hooks';
import Database from 'libsql';
import { Kysely, sql } from 'kysely';
import { failureOf } from '../../../../test/support/lalamove.js';
import type { DeliveriesSchema } from '../sql/deliveries-schema.js';
import { GroupCommit } from './group-commit.js';
import { LibsqlDialect } from './libsql-dialect.js';

describe('GroupCommit', () => {
  let db: Kysely<DeliveriesSchema>;
  let group: GroupCommit;
  let statements: string[];

  beforeEach(async () => {
    statements = [];
    const database = new Database(':memory:');
    const exec = database.exec.bind(database);
    jest.spyOn(database, 'exec').mockImplementation((text) => {
      statements.push(text);
      return exec(text);
    });
    db = new Kysely<DeliveriesSchema>({
      dialect: new LibsqlDialect(database),
      log: ({ query }) => {
        statements.push(query.sql);
      },
    });
    await sql`create table noted (name text unique,
      parent text references noted (name) deferrable initially deferred)`.execute(db);
    await sql`pragma foreign_keys = on`.execute(db);
    group = new GroupCommit(db);
    statements = [];
  });

  afterEach(() => db.destroy());

  function note(name: string, parent: string | null = null): Promise<string> {
    return group.write(async (trx) => {
      await sql`insert into noted values (${name}, ${parent})`.execute(trx);
      return name;
    });
  }

  async function noted(): Promise<string[]> {
    const { rows } = await sql<{ name: string }>`select name from noted order by rowid`.execute(db);
    return rows.map(({ name }) => name);
  }

  it('runs each write in the async context of its caller', async () => {
    const user = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const write = (name: string): Promise<void> =>
      user.run(name, () =>
        group.write(async (trx) => {
          seen.push(user.getStore());
          await sql`insert into noted values (${name}, null)`.execute(trx);
          seen.push(user.getStore());
        }),
      );
    await Promise.all([write('u1'), write('u2')]);
    expect(statements.filter((text) => text.startsWith('begin'))).toHaveLength(1);
    expect(seen).toEqual(['u1', 'u1', 'u2', 'u2']);
  });

  it('commits the writes of one turn together, in order', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `${index}`);
    expect(await Promise.all(names.map((name) => note(name)))).toEqual(names);
    expect(statements.filter((text) => text === 'insert into noted values (?, ?)')).toHaveLength(50);
    expect(statements).toHaveLength(52);
    expect([statements.at(0), statements.at(-1)]).toEqual(['begin immediate', 'commit']);
    expect(await noted()).toEqual(names);
  });

  it('rolls back a failed write alone', async () => {
    const half = group.write(async (trx) => {
      await sql`insert into noted values ('half', null)`.execute(trx);
      throw new Error('The other half failed.');
    });
    const [a, failed, twice, b] = await Promise.allSettled([note('a'), half, note('a'), note('b')]);
    expect([a.status, failed.status, twice.status, b.status]).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'fulfilled',
    ]);
    expect(failed).toMatchObject({ reason: { message: 'The other half failed.' } });
    expect(twice).toMatchObject({ reason: { message: expect.stringContaining('UNIQUE') } });
    expect(await noted()).toEqual(['a', 'b']);
    expect(await note('after')).toBe('after');
  });

  it('rolls back a single write that fails', async () => {
    await note('a');
    expect((await failureOf(note('a'))).message).toContain('UNIQUE');
    await note('b');
    expect(await noted()).toEqual(['a', 'b']);
  });

  it('resolves no write before the commit, and rejects all writes if the commit fails', async () => {
    // Deferred constraint: only the commit detects that the parent does not exist.
    const writes = await Promise.allSettled([note('a'), note('orphan', 'nobody'), note('b')]);
    expect(writes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(await noted()).toEqual([]);
    expect(await Promise.all([note('c'), note('d')])).toEqual(['c', 'd']);
    expect(await noted()).toEqual(['c', 'd']);
  });

  it('adds a write that arrives during a commit to the next commit', async () => {
    const order: string[] = [];
    const first = group.write(async () => {
      order.push('first');
      void note('second').then(() => order.push('second'));
      await Promise.resolve();
    });
    await first;
    order.push('first committed');
    await note('third');
    expect(order).toEqual(['first', 'first committed', 'second']);
    expect(await noted()).toEqual(['second', 'third']);
  });

  it('continues after more writes than fit into one commit', async () => {
    const many = Array.from({ length: 350 }, (_, index) => `${index}`);
    await Promise.all(many.map((name) => note(name)));
    expect(await noted()).toHaveLength(350);
  });
});
