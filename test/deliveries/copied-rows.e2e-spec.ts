import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { openDatabase } from 'nestjs-lalamove/deliveries';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { copyStorage } from '../../src/deliveries/copy-storage.js';
import { migrateStorage } from '../../src/deliveries/migrate-storage.js';
import { COPIED_TABLES } from '../../src/deliveries/storage/copy/copied-tables.js';
import { compile } from '../chaos/compile.mjs';
import { describePostgres, POSTGRES_URL } from '../support/servers.js';
import { CopiedSchema } from './copied-schema.js';
import { seedFile } from './seeded-file.js';

const START = Date.parse('2026-12-01T08:00:00Z');

/** More than one batch, and not a multiple of it. */
const MANY = 2345;

/** The columns that belong to a process. */
const NOT_COPIED = ['dispatch_by', 'dispatch_until', 'lease_token', 'lease_until', 'swept_by', 'swept_until'];

describePostgres('lalamove-deliveries-copy', () => {
  let folder: string;
  let file: string;
  let schema: CopiedSchema;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'deliveries-'));
    file = join(folder, 'deliveries.db');
    schema = new CopiedSchema();
    await seedFile(file, { due: 3, unmatched: 2, at: START });
  });

  afterEach(async () => {
    await schema.drop();
    rmSync(folder, { recursive: true });
  });

  const argsOf = (): string[] => ['--from', file, '--to', POSTGRES_URL, '--schema', schema.name];
  const copy = (): ReturnType<typeof copyStorage> => copyStorage(argsOf());

  /** Changes rows of the file. */
  async function inFile(...statements: string[]): Promise<void> {
    const db = await openDatabase({ file });
    for (const statement of statements) await sql.raw(statement).execute(db);
    await db.destroy();
  }

  async function rows(): Promise<unknown> {
    const read = (table: string): Promise<unknown[]> => schema.query(`select * from ${table} order by id`);
    return [await read('deliveries'), await read('delivery_attempts'), await read('delivery_events')];
  }

  it('copies every column but those of processes', async () => {
    await copy();
    const found = await schema.query(`select table_name, column_name from information_schema.columns
      where table_schema = current_schema() and table_name in ('deliveries', 'delivery_attempts', 'delivery_events')`);
    const columns = found.map(({ table_name: table, column_name: column }) => `${String(table)}.${String(column)}`);
    const copied = COPIED_TABLES.flatMap(({ name, columns: own }) => own.map(([column]) => `${name}.${column}`));
    const left = columns.filter((column) => !copied.includes(column)).map((column) => column.replace(/^.*\./, ''));
    expect(left.sort()).toEqual(NOT_COPIED);
    expect(copied.filter((column) => !columns.includes(column))).toEqual([]);
  });

  it('copies exact values, and gives new events higher ids than any event ever had', async () => {
    const text = `'ö € 😀 "\\\\ ' || char(10) || char(7) || ' {"a":"\\\\u0000"}'`;
    await inFile(
      `update delivery_events set id = 9007199254740000 where id = 2`,
      `update delivery_events set id = 3000000000, unreadable_at = -5, payload = ${text} where id = 1`,
      `update deliveries set version = 2147483647, lease_token = 'worker', lease_until = 5, unreadable_at = 7,
        updated_at = 9007199254740991 where reference = 'D-0'`,
      `update deliveries set reference = ${text} where reference = 'D-1'`,
      `insert into delivery_attempts values ('a', 'd', '', 2, '3200000000000000001', '3300000000000000001', 'unknown',
        '12.50', 'HKD', ${START}, null)`,
      `insert into delivery_events (id, account, source, type, occurred_at, received_at, payload, dispatch)
        values (9007199254740980, '', 'delivery', 'requested', 1, 1, '{}', 'none')`,
      `delete from delivery_events where id = 9007199254740980`,
    );
    expect(await copy()).toMatchObject({ code: 0, message: expect.stringContaining('Copied') });
    expect(await schema.query('select id, unreadable_at, payload from delivery_events order by id')).toEqual([
      { id: '3000000000', unreadable_at: '-5', payload: 'ö € 😀 "\\\\ \n\u0007 {"a":"\\\\u0000"}' },
      { id: '9007199254740000', unreadable_at: null, payload: expect.any(String) },
    ]);
    expect(
      await schema.query(`select version, lease_token, lease_until, unreadable_at, updated_at from deliveries
      where reference = 'D-0'`),
    ).toEqual([
      { version: 2147483647, lease_token: null, lease_until: null, unreadable_at: '7', updated_at: '9007199254740991' },
    ]);
    expect(await schema.value(`select order_id from delivery_attempts`)).toBe('3300000000000000001');
    const id = await schema.value(`insert into delivery_events
      (account, source, type, occurred_at, received_at, payload, dispatch)
      values ('', 'delivery', 'requested', 1, 1, '{}', 'none') returning id`);
    expect(id).toBe('9007199254740981');
  });

  it('finds the same rows the second time, and changes nothing', async () => {
    await seedFile(join(folder, 'other.db'), { due: 1, at: START });
    expect(await copy()).toMatchObject({ code: 0 });
    const before = await rows();
    const { code, message } = await copy();
    expect([code, message]).toEqual([0, expect.stringContaining('already: nothing was changed')]);
    expect(message).toMatch(/^deliveries +3 +3 +(\w{16}) +\1$/m);
    expect(message).toMatch(/^delivery_attempts +0 +0 +(\w{16}) +\1$/m);
    expect(message).toMatch(/^delivery_events +2 +2 +(\w{16}) +\1$/m);
    file = join(folder, 'other.db');
    expect(await copy()).toMatchObject({ code: 1, message: expect.stringContaining('other rows than the file') });
    expect(await rows()).toEqual(before);
  });

  it.each([
    ['a changed value', `update deliveries set due_at = due_at + 1 where reference = 'D-1'`],
    ['a missing row', `delete from delivery_events where id = 2`],
    ['another id', `update delivery_events set id = 3 where id = 2`],
    ['a null for an empty text', `update delivery_events set error = '' where id = 2`],
  ])('refuses a target with %s', async (_, change) => {
    await copy();
    await schema.query(change.replace('set id =', 'set id = default, tries ='));
    const before = await rows();
    const { code, message } = await copy();
    expect([code, message]).toEqual([1, expect.stringContaining('other rows than the file, so nothing was changed')]);
    expect(message).not.toMatch(/Copied|No app may start/);
    expect(await rows()).toEqual(before);
  });

  it.each([
    [`update deliveries set reference = 'a' || char(0) where reference = 'D-1'`, '"id of D-1" of deliveries', 'a NUL'],
    [
      `update delivery_events set type = char(0) where id = 2`,
      '"2" of delivery_events',
      'its column type contains a NUL',
    ],
    [`update deliveries set created_at = 1.5 where reference = 'D-2'`, 'its column created_at', 'not a whole number'],
    [`update deliveries set due_at = 9007199254740993`, 'its column due_at', 'JavaScript cannot read exactly'],
    [`update deliveries set version = 2147483648`, 'its column version', 'too large for an integer'],
    [`update deliveries set id = null where reference = 'D-2'`, 'null of deliveries', 'its column id is null'],
    [`update deliveries set request = cast(x'ff' as text)`, 'A row of deliveries', 'not UTF-8'],
  ])('refuses a row that PostgreSQL cannot store, and copies nothing: %s', async (change, row, problem) => {
    await inFile(change);
    const { code, message } = await copy();
    expect([code, message]).toEqual([1, expect.stringContaining(row)]);
    expect(message).toContain(problem);
    expect(await schema.value('select count(*) from deliveries')).toBe('0');
  });

  it('replaces NUL characters in the error messages of handlers, and says so, also the second time', async () => {
    await inFile(`update delivery_events set error = 'a' || char(0) || 'b' where id = 2`);
    for (const outcome of ['Copied', 'already']) {
      const { code, message } = await copy();
      expect([code, message]).toEqual([0, expect.stringContaining(outcome)]);
      expect(message).toContain('In 1 error messages of handlers, NUL characters were replaced by U+FFFD.');
      expect(await schema.value('select error from delivery_events where id = 2')).toBe('a\uFFFDb');
    }
  });

  it('copies a file without deliveries', async () => {
    await inFile('delete from deliveries', 'delete from delivery_events');
    const { code, message } = await copy();
    expect([code, message]).toEqual([0, expect.stringMatching(/^deliveries +0 +0 +(\w{16}) +\1$/m)]);
  });

  it('refuses a target on which a process is working', async () => {
    expect(await migrateStorage([POSTGRES_URL, '--schema', schema.name])).toMatchObject({ code: 0 });
    const end = await schema.begin('lock table deliveries in row exclusive mode');
    const { code, message } = await copy();
    expect([code, message]).toEqual([
      1,
      `Another process is writing to the schema ${schema.name}: stop it. Nothing was copied.`,
    ]);
    await end();
  }, 60_000);

  it('copies nothing if it is killed, and everything if it runs again', async () => {
    await inFile(`with recursive n(x) as (select 1 union all select x + 1 from n where x < ${MANY})
      insert into delivery_events (account, source, type, occurred_at, received_at, payload, dispatch)
      select '', 'delivery', 'requested', x, x, '{"x":' || x || '}', 'none' from n`);
    const script = join(await compile(), 'src/deliveries/copy.command.js');
    await migrateStorage([POSTGRES_URL, '--schema', schema.name]);
    // Makes the last batch wait, when all other rows are written.
    await schema.query(`create function wait() returns trigger language plpgsql as
      'begin if new.id > ${MANY} then perform pg_sleep(60); end if; return new; end'`);
    await schema.query(`create trigger wait before insert on delivery_events for each row execute function
      ${schema.name}.wait()`);
    const child = spawn(process.execPath, [script, ...argsOf()], { stdio: 'ignore' });
    const ended = once(child, 'exit');
    const waiting = `select count(*) from pg_stat_activity
      where wait_event = 'PgSleep' and query like '%${schema.name}%' and application_name = 'lalamove-deliveries-command'`;
    while ((await schema.value(waiting)) !== '1') await pause(50);
    child.kill('SIGKILL');
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(await schema.value('select count(*) from deliveries')).toBe('0');
    // The server notices it when it answers.
    await schema.query(`select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'
      and query like '%${schema.name}%'`);
    await schema.query('drop trigger wait on delivery_events');
    expect(await copy()).toMatchObject({ code: 0, message: expect.stringContaining('Copied') });
    expect(await schema.value('select count(*) from delivery_events')).toBe(String(MANY + 2));
    expect(await schema.value('select count(distinct payload) from delivery_events')).toBe(String(MANY + 2));
  }, 60_000);
});
